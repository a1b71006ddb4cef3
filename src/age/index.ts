export { ARMOR_BEGIN, armor, dearmor } from "./armor.ts";
export type { ByteSource } from "./byte-reader.ts";
export { type DecryptOptions, decrypt, decryptBytes } from "./decrypt.ts";
export { type EncryptOptions, encrypt, encryptBytes } from "./encrypt.ts";
export { AgeError, type AgeErrorCode } from "./errors.ts";
export { generateHybridIdentity } from "./hybrid.ts";
export {
  type IdentitiesFileOptions,
  type IdentityOptions,
  parseIdentitiesFile,
  parseIdentity,
} from "./identities-file.ts";
export { type AgeInspection, inspect } from "./inspect.ts";
export type { ChunkRun, PieceMemory, RunAhead } from "./payload.ts";
export { pluginRefused } from "./plugin/plugin-errors.ts";
export { pluginIdentity, pluginIdentityNamed } from "./plugin/plugin-identity.ts";
export { pluginIdentityRecipient, pluginRecipient } from "./plugin/plugin-recipient.ts";
export type { PluginMachine, PluginProgram, PluginPrompts, Plugins } from "./plugin/plugins.ts";
export { openRandomAccess, type RandomAccessReader, type RandomAccessSource } from "./random-access.ts";
export { type Identity, type Recipient, recipientOf } from "./recipient.ts";
export {
  parseRecipient,
  parseRecipientsFile,
  type RecipientOptions,
  type RecipientsFileOptions,
} from "./recipients-file.ts";
export { passphraseIdentity, passphraseRecipient } from "./scrypt.ts";
export { hidesPublicKey, type SshIdentityOptions, sshIdentity } from "./ssh/identity.ts";
export type { Stanza } from "./stanza.ts";
export { generateX25519Identity } from "./x25519.ts";
