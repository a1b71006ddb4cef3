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

export function changed(path: string): FilesError {
  return new FilesError("FILES_CHANGED", `Cannot replace "${path}": it was changed while this ran`, {
    details: ["no file was replaced"],
    hints: ["look at it, and run the command again"],
  });
}

export function cannotWrite(path: string, cause: unknown): FilesError {
  return new FilesError("FILES_CANNOT_WRITE", `Cannot replace "${path}": the system says ${errno(cause)}`, {
    cause,
    details: ["no file was replaced"],
    hints: HINTS.get(errno(cause)) ?? [],
  });
}

const HINTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["ENOSPC", ["make room: the new files have to stand beside the old ones"]],
  ["EBUSY", ["it is mounted by itself, and no file can take its place: work on it alone, without -r"]],
]);

export function errno(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "no";
}
