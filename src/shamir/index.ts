export { combineShares } from "./combine.ts";
export { ShamirError, type ShamirErrorCode } from "./errors.ts";
export { MAX_SHARES, splitSecret } from "./split.ts";
