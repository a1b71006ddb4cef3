export type { IdentitySource } from "./identity-source.ts";
