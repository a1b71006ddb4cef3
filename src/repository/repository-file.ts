import type { AheadLimits } from "./ahead.ts";

/** A file of a repository. */
export interface RepositoryFile {
  /** Relative to the folder that was named, with `/`. Bytes that are no UTF-8 are shown as U+FFFD. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Branches that hold these very bytes at this path, sorted; empty for a file of the work tree, or of history. */
  readonly branches: readonly string[];
  /** The first commit with these bytes at this path; of files of history only. */
  readonly commit?: string | undefined;
}

/** What was not read. */
export interface SkippedFile {
  readonly path: string;
  readonly why:
    | "symbolic link"
    | "submodule"
    | "too large"
    | "no permission"
    | "not a regular file"
    | "not checked out"
    | "not in this clone";
}

/** The files of a repository, read one by one as they are asked for. */
export interface RepositoryFiles {
  /** How many files there are to be read, where that is known beforehand. */
  readonly count: number;
  /** Complete when `files` has ended. */
  readonly skipped: readonly SkippedFile[];
  /** In the order of their paths. @throws {RepositoryError}; {GitError} */
  files(): AsyncIterable<RepositoryFile>;
}

export interface RepositoryLimits {
  readonly maxFiles: number;
  /** A larger file is skipped, and said to be. */
  readonly maxFileBytes: number;
}

export const REPOSITORY_LIMITS: RepositoryLimits = { maxFiles: 500_000, maxFileBytes: 32 * 1024 * 1024 };

/**
 * Files that work may be ahead of its results: enough that no core waits while another is at a file of many items, and few
 * enough that it does not matter how large they are.
 */
export const FILES_AHEAD: AheadLimits<RepositoryFile> = {
  width: 512,
  maxWeight: 16 * 1024 * 1024,
  weightOf: ({ bytes }) => bytes.length,
};
