export { decryptingTree } from "./decrypt/decrypting-tree.ts";
export type {
  ClearTextLedger,
  ClearTextPlace,
  DecryptingTree,
  DecryptionKeys,
  DecryptionOptions,
  ObjectMarks,
} from "./decrypt/decryption.ts";
export {
  checkChanges,
  checkEditable,
  type EditSealedOptions,
  editSealed,
  type ItemChanges,
  type PlaceSealedOptions,
  placeSealed,
  type SealedPlace,
} from "./edit/edit-sealed.ts";
export { editSheet, type OpenedEach, readSheet } from "./edit/edit-sheet.ts";
export { replaceSealed } from "./edit/replace-sealed.ts";
export { type ObjectInFile, objectsInFile, type SealedInFile, sealedInFile } from "./edit/sealed-in-file.ts";
export { type ItemProblem, SecretsError, type SecretsErrorCode } from "./errors.ts";
export {
  type InspectOptions,
  type ItemReport,
  inspectItems,
  inspectWithKeys,
  type Opening,
  placeOf,
} from "./inspect/inspect-sealed.ts";
export { clearBytesOf, type ItemDefect, type ItemParts, itemParts } from "./inspect/item-parts.ts";
export { describePlace, findSealedFor, remedyFor, type SealedFor, type SealedPlaceName } from "./inspect/sealed-for.ts";
export { checkMetadata } from "./read/decode-metadata.ts";
export { decodeSealedSecret } from "./read/decode-sealed-secret.ts";
export { type DecodeOptions, decodeSecret } from "./read/decode-secret.ts";
export { fullOriginal } from "./read/original-text.ts";
export {
  type IsolatedRenderer,
  type IsolatedRendererOptions,
  isolatedRenderer,
} from "./render/isolated-renderer-adapter.ts";
export type {
  Rendered,
  RenderJob,
  TemplateFailure,
  TemplateProblem,
  TemplateRenderer,
} from "./render/templates.ts";
export { scopeOf, withScope } from "./scope.ts";
export {
  claimedKey,
  HINTS_ANNOTATION,
  type Hints,
  hashOfItem,
  hintsText,
  type ItemHint,
  readHints,
} from "./seal/hints.ts";
export { type MergeOptions, mergeInto } from "./seal/merge-into.ts";
export { type RotateOptions, rotateSealed } from "./seal/rotate-sealed.ts";
export { type SealOptions, sealSecret } from "./seal/seal-secret.ts";
export { type SealWithAgeOptions, sealWithAge } from "./seal/seal-with-age.ts";
export { type SealedSecretView, viewSealedSecret } from "./sealed-secret.ts";
export { type Secret, secretManifest } from "./secret.ts";
export { openEach } from "./unseal/open-each.ts";
export { type Unsealed, type UnsealOptions, unsealSecret, verifySealed } from "./unseal/unseal-secret.ts";
export { isUnsealedDigest, type UnsealedState, unsealedDigest } from "./unseal/unsealed-digest.ts";
