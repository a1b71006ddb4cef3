import { type ErrorContext, ToolkitError } from "../errors.ts";

export type FilesErrorCode =
  | "FILES_BUSY"
  | "FILES_CANNOT_WRITE"
  | "FILES_CHANGED"
  | "FILES_JOURNAL_UNREADABLE"
  | "FILES_UNFINISHED";

/** Several files could not be replaced together. What `details` do not name otherwise is as it was before. */
export class FilesError extends ToolkitError {
  override readonly name = "FilesError";
  readonly code: FilesErrorCode;

  constructor(code: FilesErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
