export { type AheadLimits, ahead } from "./ahead.ts";
export { type BranchesOptions, branchFiles } from "./branches-adapter.ts";
export { RepositoryError, type RepositoryErrorCode } from "./errors.ts";
export { filesAtHand } from "./files-at-hand-adapter.ts";
export { type EncryptedFile, findEncrypted, mayHoldEncrypted, mayHoldSealed, type SopsFile } from "./find-encrypted.ts";
export { type HistoryFiles, historyFiles } from "./history-adapter.ts";
export {
  FILES_AHEAD,
  REPOSITORY_LIMITS,
  type RepositoryFile,
  type RepositoryFiles,
  type RepositoryLimits,
  type SkippedFile,
} from "./repository-file.ts";
export { checkFolder, type WorkTreeOptions, workTreeFiles } from "./work-tree-adapter.ts";
