export { BACKUP_VERSION, type BackupManifest, backupText, encryptBackup } from "./backup.ts";
export { BACKUP_LABEL, type CollectOptions, collectSecrets } from "./collect.ts";
export { KeysError, type KeysErrorCode } from "./errors.ts";
export {
  DEFAULT_KEY_PREFIX,
  isActiveKey,
  isKeySecret,
  KEY_LABEL,
  KEY_SELECTOR,
  type KeyPem,
  type KeySecretOptions,
  keyPemOf,
  keySecret,
  prefixProblem,
} from "./key-secret.ts";
export { countNeed, type Need } from "./needed-by.ts";
export { type KeyOrder, newestFirst, type Orderable, orderingTime } from "./order.ts";
export { type Backup, isAgeFile, parseBackup, readBackup } from "./read-backup.ts";
export { type RenewedKey, type RenewOptions, renewSealingKey } from "./renew.ts";
export {
  carryOutRestore,
  planRestore,
  type RestoreOptions,
  type RestorePlan,
  type RestoreStep,
} from "./restore.ts";
export {
  type KeyPlace,
  type KeyStatus,
  listSealingKeys,
  type SealingKeyInfo,
  sealingKeysOf,
  unsealingKeys,
} from "./sealing-keys.ts";
export { type ServedOptions, waitUntilServed } from "./served.ts";
export { type CombinedIdentity, combineIdentity } from "./shares/combine-identity.ts";
export { type KeyShare, parseShares } from "./shares/share.ts";
export { type SplitIdentity, splitNewIdentity } from "./shares/split-identity.ts";
