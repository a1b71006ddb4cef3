export { type DecodeOptions, decodeSecret } from "./decode-secret.ts";
export { decryptingTree } from "./decrypting-tree.ts";
export type {
  ClearTextLedger,
  ClearTextPlace,
  DecryptingTree,
  DecryptionKeys,
  DecryptionOptions,
} from "./decryption.ts";
export { type ItemProblem, SecretsError, type SecretsErrorCode } from "./errors.ts";
export { type MergeOptions, mergeInto } from "./merge-into.ts";
export { type RotateOptions, rotateSealed } from "./rotate-sealed.ts";
export { scopeOf } from "./scope.ts";
export { type SealOptions, sealSecret } from "./seal-secret.ts";
export { type SealWithAgeOptions, sealWithAge } from "./seal-with-age.ts";
export { type Secret, secretManifest } from "./secret.ts";
export { type Unsealed, type UnsealOptions, unsealSecret, verifySealed } from "./unseal-secret.ts";
export { isUnsealedDigest, type UnsealedState, unsealedDigest } from "./unsealed-digest.ts";
