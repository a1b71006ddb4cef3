export type { FileTree } from "./tree.ts";
