import { type ChangedFile, type LocalOptions, openLocalRepository } from "../git/index.ts";
import { notGit, RepositoryError } from "./errors.ts";
import { REPOSITORY_LIMITS, type RepositoryFile, type RepositoryFiles, type SkippedFile } from "./repository-file.ts";
import type { WorkTreeOptions } from "./work-tree-adapter.ts";

const MANIFEST = /\.(ya?ml|json)$/i;
/** The same for git. */
const MANIFESTS = ["*.yaml", "*.yml", "*.json"];

/** The manifests of a repository's history. */
export interface HistoryFiles extends RepositoryFiles {
  /** Whether the clone begins somewhere in the middle, so that what was before cannot be looked at. */
  readonly isShallow: boolean;
}

/**
 * The manifests that any commit of any ref of a repository holds, each content once, with the first commit that has it and
 * its path there. In the order of history; what no ref leads to any more is not among them.
 *
 * @throws {RepositoryError} `REPOSITORY_NOT_GIT`, `REPOSITORY_TOO_LARGE`; {GitError}
 */
export async function historyFiles(folder: string, options: WorkTreeOptions & LocalOptions): Promise<HistoryFiles> {
  const { maxFiles, maxFileBytes } = { ...REPOSITORY_LIMITS, ...options.limits };
  const repository = await openLocalRepository(folder, options);
  if (repository === undefined) throw notGit(folder, "it is in no Git repository");
  const hashes = manifestsAmong(await repository.historyBlobs());
  if (hashes.size > maxFiles) {
    throw new RepositoryError("REPOSITORY_TOO_LARGE", `Cannot go through "${folder}": its history holds too much`, {
      details: [`more than ${maxFiles} versions of manifests`],
    });
  }
  const introductions = hashes.size === 0 ? new Map() : await repository.introductions(hashes, MANIFESTS);
  const skipped: SkippedFile[] = [];
  return {
    count: introductions.size,
    skipped,
    isShallow: await repository.isShallow(),
    async *files(): AsyncGenerator<RepositoryFile> {
      for await (const { name, state, bytes } of repository.stream([...introductions.keys()], maxFileBytes)) {
        const { path = "", commit = "" } = introductions.get(name) ?? {};
        if (state === "read") yield { path, bytes, branches: [], commit };
        else skipped.push({ path, why: state === "too large" ? "too large" : "not in this clone" });
      }
    },
  };
}

/** Nothing else of the list is kept. */
function manifestsAmong(blobs: readonly ChangedFile[]): ReadonlySet<string> {
  return new Set(blobs.flatMap(({ path, hash }) => (MANIFEST.test(path) ? [hash] : [])));
}
