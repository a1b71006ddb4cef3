export { SealedError, type SealedErrorCode } from "./errors.ts";
export { type SealedParts, sealItem, splitSealed } from "./hybrid.ts";
export type { PrivateKeyWork } from "./key-lanes.ts";
export { Keyring, type KeyringOptions, type OpenedItem, type OpenOptions, type UnsealingKey } from "./keyring.ts";
export { SCOPES, type Scope, scopeLabel } from "./label.ts";
