export { commitOrAbandon } from "./commit-or-abandon.ts";
export { FilesError, type FilesErrorCode } from "./errors.ts";
export type { FileIdentity, FileSystem, FoundFile, NewFile } from "./file-system.ts";
export { removeLeftovers } from "./leftovers.ts";
export { lockFolder, type Worker } from "./lock.ts";
export { besideName, folderOf, isBeside, type ReplacePlace } from "./place.ts";
export { findUnfinished, type Recovered, type Unfinished } from "./recover.ts";
export {
  beginReplacing,
  endUnfinished,
  type Replacement,
  type ReplaceRun,
} from "./replace-files.ts";
export { FileStage, type StageContext, type StagedFile, type StageOptions } from "./stage.ts";
