export { checkMetadata } from "./decode-metadata.ts";
export { decodeSealedSecret } from "./decode-sealed-secret.ts";
export { type DecodeOptions, decodeSecret } from "./decode-secret.ts";
export { decryptingTree } from "./decrypting-tree.ts";
export type {
  ClearTextLedger,
  ClearTextPlace,
  DecryptingTree,
  DecryptionKeys,
  DecryptionOptions,
} from "./decryption.ts";
export {
  checkChanges,
  checkEditable,
  type EditSealedOptions,
  editSealed,
  type ItemChanges,
  type SealedPlace,
} from "./edit-sealed.ts";
export { editSheet, type OpenedEach, readSheet } from "./edit-sheet.ts";
export { type ItemProblem, SecretsError, type SecretsErrorCode } from "./errors.ts";
export { claimedKey, HINTS_ANNOTATION, type Hints, hashOfItem, hintsText, type ItemHint, readHints } from "./hints.ts";
export {
  type InspectOptions,
  type ItemReport,
  inspectItems,
  inspectWithKeys,
  type Opening,
  placeOf,
} from "./inspect-sealed.ts";
export { type IsolatedRenderer, type IsolatedRendererOptions, isolatedRenderer } from "./isolated-renderer-adapter.ts";
export { clearBytesOf, type ItemDefect, type ItemParts, itemParts } from "./item-parts.ts";
export { type MergeOptions, mergeInto } from "./merge-into.ts";
export { openEach } from "./open-each.ts";
export { fullOriginal } from "./original-text.ts";
export { type RotateOptions, rotateSealed } from "./rotate-sealed.ts";
export { scopeOf } from "./scope.ts";
export { type SealOptions, sealSecret } from "./seal-secret.ts";
export { type SealWithAgeOptions, sealWithAge } from "./seal-with-age.ts";
export { describePlace, findSealedFor, remedyFor, type SealedFor, type SealedPlaceName } from "./sealed-for.ts";
export { type ObjectInFile, objectsInFile, type SealedInFile, sealedInFile } from "./sealed-in-file.ts";
export { type SealedSecretView, viewSealedSecret } from "./sealed-secret.ts";
export { type Secret, secretManifest } from "./secret.ts";
export type {
  Rendered,
  RenderJob,
  TemplateFailure,
  TemplateProblem,
  TemplateRenderer,
} from "./templates.ts";
export { type Unsealed, type UnsealOptions, unsealSecret, verifySealed } from "./unseal-secret.ts";
export { isUnsealedDigest, type UnsealedState, unsealedDigest } from "./unsealed-digest.ts";
