export { changeRules, type RecipientChange } from "./age/creation-rules.ts";
export { AGE_ENTRY, type AgeIdentityInfo, identitiesOf, listAgeIdentities } from "./age/decryption-identities.ts";
export {
  AGE_RENEWAL_ANNOTATION,
  type AgeRenewal,
  beginAgeRenewal,
  endAgeRenewal,
  findAgeSecret,
  identitySources,
  renewalIn,
} from "./age/renew-age.ts";
export {
  type AgeFileLeft,
  type AgeFiles,
  filesNaming,
  type RenewedInRepository,
  type RenewInRepositoryOptions,
  renewInRepository,
  unopenedWithout,
} from "./age/renew-in-repository.ts";
export { BACKUP_VERSION, type BackupManifest, type BackupOptions, backupText, encryptBackup } from "./backup/backup.ts";
export { BACKUP_LABEL, type CollectOptions, collectSecrets } from "./backup/collect.ts";
export { backupDigest, parseBackupDigest } from "./backup/digest.ts";
export { type Backup, isAgeFile, parseBackup, readBackup } from "./backup/read-backup.ts";
export { BACKUP_RECORD, type RecordedBackup, recordedBackup } from "./backup/recorded.ts";
export {
  type ClusterName,
  clusterName,
  type SealedInCluster,
  type SealedInClusterOptions,
  sealedInCluster,
} from "./backup/sealed-in-cluster.ts";
export { type ExposedValue, exposedValues, type NeedAt } from "./compromise/exposed-values.ts";
export { type ResealedInCluster, type ResealOptions, resealInCluster } from "./compromise/reseal-in-cluster.ts";
export {
  type ResealedInRepository,
  type ResealInRepositoryOptions,
  resealInRepository,
} from "./compromise/reseal-in-repository.ts";
export type { Converted } from "./convert/converted.ts";
export { convertToSealed, mayHoldSecrets, type ToSealedOptions } from "./convert/to-sealed.ts";
export { convertToSops, type SopsKeys, type ToSopsOptions } from "./convert/to-sops.ts";
export { type Comparison, compareSecrets, type SecretDifference, type SecretPlace } from "./drill/compare.ts";
export { FLUX_GROUPS, type Input, inputsOf } from "./drill/inputs.ts";
export {
  type Compared,
  type DrilledBackup,
  type DrilledRepository,
  type DrillProblem,
  type DrillReport,
  drillPassed,
  type NotRehearsed,
  type Rehearsed,
  type WantedInput,
} from "./drill/report.ts";
export { type DigestedSecret, digestSecrets, RUN_KEY_BYTES } from "./drill/secret-digests.ts";
export { KeysError, type KeysErrorCode } from "./errors.ts";
export type { ChangePlace } from "./in-repository/change-files.ts";
export { forbidden, lackOf, type MissingRight, missingRight, missingRightIn } from "./missing-right.ts";
export { type Promoted, type PromoteOptions, promoteFile } from "./promote/promote-file.ts";
export { carryOutRestore } from "./restore/carry-out.ts";
export {
  planRestore,
  type RestoreOptions,
  type RestorePlan,
  type RestoreStep,
} from "./restore/restore.ts";
export { type SyncedOptions, waitUntilSynced } from "./restore/synced.ts";
export {
  type AskController,
  type Reseal,
  type Resealed,
  type ResealWithKeysOptions,
  resealThroughController,
  resealWithKeys,
} from "./rotate/reseal.ts";
export {
  type NotRotated,
  type RotatedFile,
  type RotateFileOptions,
  rotateFile,
  type SopsRule,
} from "./rotate/rotate-file.ts";
export {
  type LeftSealed,
  type ResealFileOptions,
  type RotatedSealedFile,
  type RotateSealedOptions,
  rotateSealedFile,
} from "./rotate/rotate-sealed-file.ts";
export { type CheckedKey, checkOwnKey, type ImportedKey, importSealingKey } from "./sealing/import.ts";
export { ItemOpeners, type OpenedObject } from "./sealing/item-openers.ts";
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
} from "./sealing/key-secret.ts";
export {
  countNeed,
  countNeedIn,
  itemOpeners,
  type Need,
  type NeededFor,
  type NeededPlace,
  type NeedOptions,
} from "./sealing/needed-by.ts";
export { type KeyOrder, newestFirst, type Orderable, orderingTime } from "./sealing/order.ts";
export { type RenewedKey, type RenewOptions, renewSealingKey } from "./sealing/renew.ts";
export { checkNotNeeded, keyCalled, setAside } from "./sealing/retire.ts";
export {
  allKeys,
  type KeyPlace,
  type KeyStatus,
  listSealingKeys,
  type SealingKeyInfo,
  sealingKeysOf,
  unsealingKeys,
} from "./sealing/sealing-keys.ts";
export { type ControllerPlace, type ServedOptions, waitUntilServed } from "./sealing/served.ts";
export { type CombinedIdentity, combineIdentity } from "./shares/combine-identity.ts";
export { type KeyShare, parseShares } from "./shares/share.ts";
export { type SplitIdentity, splitNewIdentity } from "./shares/split-identity.ts";
export { type Opened, openEncrypted, type Unopened } from "./verify/open-encrypted.ts";
export { type KeyMaterial, type MeansOptions, type OpeningMeans, openingMeans } from "./verify/opening-means.ts";
export {
  type OnVerified,
  type OpenFile,
  openingHere,
  type Verified,
  verifyCluster,
  verifyRepository,
} from "./verify/verify-backup.ts";
