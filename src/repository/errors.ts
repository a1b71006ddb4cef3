import { type ErrorContext, ToolkitError } from "../errors.ts";

export type RepositoryErrorCode = "REPOSITORY_NOT_GIT" | "REPOSITORY_TOO_LARGE" | "REPOSITORY_UNREADABLE";

/** A repository, or a folder in its place, cannot be gone through. */
export class RepositoryError extends ToolkitError {
  override readonly name = "RepositoryError";
  readonly code: RepositoryErrorCode;

  constructor(code: RepositoryErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
