export { type Change, type ChangeOptions, changeFile, setting, unsetting } from "./change-file.ts";
export { DATA_KEY_BYTES, type FillRandom, ValueCipher } from "./cipher.ts";
export { parseConfig, ruleFor, type SopsConfig } from "./config.ts";
export { type CreationRule, SELECTOR_LIST, splitKeys } from "./creation-rule.ts";
export { type Keyring, loadKeyring, newDataKey, recoverDataKey, type Subject, wrapDataKey } from "./data-key.ts";
export { type Decrypted, type DecryptOptions, decrypt } from "./decrypt.ts";
export { type DecryptedStream, decryptStream, isStreamFormat, type StreamOptions } from "./decrypt-stream.ts";
export type { OnDecrypted } from "./decrypt-tree.ts";
export { type Encrypted, type EncryptOptions, encrypt, SOPS_VERSION } from "./encrypt.ts";
export { type Envelope, looksEncrypted, parseEnvelope } from "./envelope.ts";
export { decryptEnvironment } from "./environment.ts";
export { SopsError, type SopsErrorCode, type SopsErrorContext } from "./errors.ts";
export { type PathStep, parsePath } from "./extract.ts";
export { FORMATS, type Format, formatOfName, formatOfWord } from "./format.ts";
export type { IdentitySource } from "./identity-source.ts";
export { SOPS_LIMITS, type SopsLimits } from "./limits.ts";
export { mayBeEncrypted } from "./marker.ts";
export {
  fieldOf,
  KEY_TYPES,
  type KeyGroup,
  type KeyType,
  type MasterKey,
  type Metadata,
  masterKeyName,
} from "./metadata.ts";
export { type LockedFile, type OpenOptions, readLocked } from "./open-file.ts";
export { plaintextOf } from "./plaintext.ts";
export { checkRecipients } from "./rewrap.ts";
export { type RotateOptions, rotate } from "./rotate.ts";
export { DEFAULT_SELECTOR, SELECTOR_KINDS, type Selector, type SelectorKind } from "./selector.ts";
export { readSetValue } from "./set-value.ts";
export { compareKeys, type GroupChange, type KeyChanges, withKeys } from "./update-keys.ts";
export type { Branch, Leaf, Node } from "./value.ts";
