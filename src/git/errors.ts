import { type ErrorContext, ToolkitError } from "../errors.ts";

export type GitErrorCode =
  | "GIT_ABORTED"
  | "GIT_AUTH_FAILED"
  | "GIT_BAD_OBJECT"
  | "GIT_CREDENTIALS_REFUSED"
  | "GIT_EMPTY_REPOSITORY"
  | "GIT_FAILED"
  | "GIT_HOST_UNKNOWN"
  | "GIT_NO_SEMVER_MATCH"
  | "GIT_NOT_INSTALLED"
  | "GIT_REDIRECT_REFUSED"
  | "GIT_REF_NOT_FOUND"
  | "GIT_REF_REFUSED"
  | "GIT_SEMVER_RANGE"
  | "GIT_TIMEOUT"
  | "GIT_TOO_LARGE"
  | "GIT_UNREACHABLE"
  | "GIT_URL_REFUSED";

/**
 * A repository cannot be read. Branch on `code`.
 *
 * What git and the far end said is quoted in `details` after the credentials in use were masked in it.
 */
export class GitError extends ToolkitError {
  override readonly name = "GitError";
  readonly code: GitErrorCode;

  constructor(code: GitErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
