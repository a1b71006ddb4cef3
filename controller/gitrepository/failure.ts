import { GitError, type GitErrorCode } from "../../src/git/index.ts";
import { KubeError } from "../../src/kube/index.ts";
import { SourceError } from "../../src/sources/index.ts";
import { TreeError } from "../../src/tree/index.ts";
import { errorLines } from "../error-lines.ts";
import type { Pass } from "../pass.ts";

/** Causes that only a change of the object can cure. */
const TERMINAL: readonly GitErrorCode[] = [
  "GIT_URL_REFUSED",
  "GIT_REF_REFUSED",
  "GIT_SEMVER_RANGE",
  "GIT_EMPTY_REPOSITORY",
];

const REASONS: Partial<Readonly<Record<GitErrorCode, string>>> = {
  GIT_URL_REFUSED: "URLInvalid",
  GIT_EMPTY_REPOSITORY: "EmptyGitRepository",
  GIT_CREDENTIALS_REFUSED: "AuthenticationFailed",
};

/** How an error of a pass shows: its condition, its reason, whether to try again. */
export function failedPass(error: unknown, url: string): Pass {
  if (error instanceof GitError) {
    const reason = REASONS[error.code] ?? "GitOperationFailed";
    const early = reason === "URLInvalid" || reason === "AuthenticationFailed";
    const what = early ? "" : `failed to checkout and determine revision: unable to clone '${url}': `;
    return failure("FetchFailed", reason, what + errorLines(error), TERMINAL.includes(error.code));
  }
  if (error instanceof TreeError) return failure("StorageOperationFailed", "ArchiveOperationFailed", errorLines(error));
  if (error instanceof SourceError) {
    const reason = error.code === "SOURCE_IGNORE_TOO_LARGE" ? "SourceIgnoreError" : "ArchiveOperationFailed";
    return failure("StorageOperationFailed", reason, errorLines(error));
  }
  if (error instanceof KubeError) return failure("FetchFailed", "AuthenticationFailed", errorLines(error));
  return failure("FetchFailed", "GitOperationFailed", errorLines(error));
}

export function failure(type: string, reason: string, message: string, terminal = false): Pass {
  return {
    outcome: { kind: terminal ? "stalled" : "failed", reason, message },
    conditions: [{ type, status: "True", reason, message }],
  };
}
