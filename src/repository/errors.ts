import { type ErrorContext, ToolkitError } from "../errors.ts";

export type RepositoryErrorCode =
  | "REPOSITORY_BARE"
  | "REPOSITORY_NOT_GIT"
  | "REPOSITORY_TOO_LARGE"
  | "REPOSITORY_UNREADABLE";

/** A repository, or a folder in its place, cannot be gone through. */
export class RepositoryError extends ToolkitError {
  override readonly name = "RepositoryError";
  readonly code: RepositoryErrorCode;

  constructor(code: RepositoryErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}

/** What is asked of a repository that is none, or that has not what is asked for. */
export function notGit(folder: string, state: string): RepositoryError {
  return new RepositoryError("REPOSITORY_NOT_GIT", `Cannot read the branches of "${folder}": ${state}`, {
    hints: ["list them with: git branch --all"],
  });
}
