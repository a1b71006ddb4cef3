export { type ConfigCheckOptions, checkConfig } from "./config/check/check-config.ts";
export type { ConfigFinding, ConfigFindingCode } from "./config/check/finding.ts";
export { indentOf, parseConfig, ruleFor, type SopsConfig } from "./config/config.ts";
export { type CreationRule, SELECTOR_LIST } from "./config/creation-rule.ts";
export { type Destination, type DestinationRule, destinationRuleFor } from "./config/destination-rule.ts";
export type { ChangeKind, Difference } from "./diff/compare-trees.ts";
export { type DiffOptions, type DiffSide, diffFiles, type EncryptionChange, type FileDiff } from "./diff/diff-files.ts";
export type { MetadataChange } from "./diff/metadata-changes.ts";
export { type OutlinedFile, type OutlineState, outlineFile } from "./diff/outline-file.ts";
export { SopsError, type SopsErrorCode, type SopsErrorContext } from "./errors.ts";
export { type Change, type ChangeOptions, changeFile, setting, unsetting } from "./files/change-file.ts";
export { type GroupsOptions, withGroup, withoutGroup } from "./files/change-groups.ts";
export { type Decrypted, type DecryptOptions, decrypt } from "./files/decrypt.ts";
export { type DecryptedStream, decryptStream, isStreamFormat, type StreamOptions } from "./files/decrypt-stream.ts";
export { type Editing, editFile, editNewFile } from "./files/edit-file.ts";
export { type Encrypted, type EncryptOptions, encrypt, SOPS_VERSION } from "./files/encrypt.ts";
export { decryptEnvironment } from "./files/environment.ts";
export { type PathStep, parsePath } from "./files/extract.ts";
export { type LockedFile, type OpenOptions, proveLocked, readLocked } from "./files/open-file.ts";
export { type RecreateOptions, recreate } from "./files/recreate.ts";
export { type RotateOptions, rotate } from "./files/rotate.ts";
export { readSetValue } from "./files/set-value.ts";
export { compareKeys, type GroupChange, type KeyChanges, type NewKeysOptions, withKeys } from "./files/update-keys.ts";
export { FORMATS, type Format, formatOfName, formatOfWord } from "./format.ts";
export type { AskForIdentities } from "./keys/age-identities.ts";
export { ageKey } from "./keys/age-key.ts";
export { type AwsSettings, parseEncryptionContext } from "./keys/aws-key.ts";
export { completeKeys } from "./keys/complete-keys.ts";
export { newDataKey, recoverDataKey } from "./keys/data-key.ts";
export { DEFAULT_DECRYPTION_ORDER } from "./keys/decryption-order.ts";
export type { IdentitySource, OriginalPlace } from "./keys/identity-source.ts";
export {
  type KeyService,
  KeyServiceError,
  type KeyServiceErrorCode,
  type KeyServiceErrorContext,
  type KeyServices,
} from "./keys/key-service.ts";
export { keyOfText, keysOfText, splitKeys } from "./keys/key-text.ts";
export { type Keyring, type KeyringOptions, loadKeyring } from "./keys/keyring.ts";
export { masterKeyName, SERVICE_NAMES } from "./keys/master-key-name.ts";
export { checkRecipients } from "./keys/rewrap.ts";
export type { Subject } from "./keys/subject.ts";
export { type Sharing, wrapDataKey } from "./keys/wrap-data-key.ts";
export { SOPS_LIMITS, type SopsLimits } from "./limits.ts";
export {
  type MergedFile,
  type MergeInputs,
  type MergeOptions,
  mergeFiles,
  type Resolution,
  resolveConflict,
} from "./merge/merge-files.ts";
export type { MetadataConflict } from "./merge/merge-metadata.ts";
export type { TreeConflict } from "./merge/merge-trees.ts";
export { mayBeEncrypted } from "./metadata/marker.ts";
export {
  fieldOf,
  KEY_TYPES,
  type KeyGroup,
  type KeyType,
  type MasterKey,
  type Metadata,
} from "./metadata/metadata.ts";
export { DATA_KEY_BYTES, type FillRandom, ValueCipher } from "./values/cipher.ts";
export type { OnDecrypted } from "./values/decrypt-tree.ts";
export { type Envelope, looksEncrypted, parseEnvelope } from "./values/envelope.ts";
export { plaintextOf } from "./values/plaintext.ts";
export { DEFAULT_SELECTOR, SELECTOR_KINDS, type Selector, type SelectorKind } from "./values/selector.ts";
export type { Branch, Leaf, Node } from "./values/value.ts";
