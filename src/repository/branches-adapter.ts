import { type GitFile, type LocalOptions, type LocalRepository, openLocalRepository } from "../git/index.ts";
import { notGit, RepositoryError } from "./errors.ts";
import {
  REPOSITORY_LIMITS,
  type RepositoryFile,
  type RepositoryFiles,
  type RepositoryLimits,
  type SkippedFile,
} from "./repository-file.ts";

export interface BranchesOptions extends LocalOptions {
  /** Short or full names; all local and remote-tracking branches when absent. */
  readonly branches?: readonly string[] | undefined;
  readonly limits?: Partial<RepositoryLimits> | undefined;
}

/**
 * The files of the branches of a repository as they are committed, each content of a path once, however many branches
 * hold it. Links are not followed, submodules not entered.
 *
 * @throws {RepositoryError} `REPOSITORY_NOT_GIT`, `REPOSITORY_TOO_LARGE`; {GitError}
 */
export async function branchFiles(folder: string, options: BranchesOptions): Promise<RepositoryFiles> {
  const limits = { ...REPOSITORY_LIMITS, ...options.limits };
  const repository = await openLocalRepository(folder, options);
  if (repository === undefined) throw notGit(folder, "it is in no Git repository");
  const versions = new Map<string, { readonly file: GitFile; readonly branches: string[] }>();
  for (const { name, commit } of await chosenBranches(repository, folder, options.branches)) {
    for (const file of await repository.files(commit)) {
      const key = `${file.kind} ${file.hash} ${file.path}`;
      const known = versions.get(key);
      if (known === undefined) versions.set(key, { file, branches: [shortName(name)] });
      else known.branches.push(shortName(name));
    }
    if (versions.size > limits.maxFiles) {
      throw new RepositoryError("REPOSITORY_TOO_LARGE", `Cannot go through "${folder}": its branches hold too much`, {
        details: [`more than ${limits.maxFiles} versions of files`],
        hints: ["name the branches that count"],
      });
    }
  }
  const skipped: SkippedFile[] = [];
  const wanted: { readonly file: GitFile; readonly branches: readonly string[] }[] = [];
  for (const version of versions.values()) {
    const { kind, path, bytes } = version.file;
    if (kind !== "file") skipped.push({ path, why: kind === "link" ? "symbolic link" : "submodule" });
    else if (bytes > limits.maxFileBytes) skipped.push({ path, why: "too large" });
    else wanted.push(version);
  }
  wanted.sort((a, b) => (a.file.path < b.file.path ? -1 : a.file.path > b.file.path ? 1 : 0));
  return {
    count: wanted.length,
    skipped,
    async *files(): AsyncGenerator<RepositoryFile> {
      const hashes = wanted.map(({ file }) => file.hash);
      let at = 0;
      for await (const { state, bytes } of repository.stream(hashes, limits.maxFileBytes)) {
        const { file: { path = "" } = {}, branches = [] } = wanted[at++] ?? {};
        if (state === "read") yield { path, bytes, branches: branches.toSorted() };
        else skipped.push({ path, why: "not in this clone" });
      }
    },
  };
}

async function chosenBranches(repository: LocalRepository, folder: string, names: readonly string[] | undefined) {
  const all = await repository.branches();
  if (names === undefined) return all;
  return names.map((name) => {
    const found = all.find((branch) => branch.name === name || shortName(branch.name) === name);
    if (found === undefined) throw notGit(folder, `it has no branch "${name}"`);
    return found;
  });
}

/** `main`, `origin/main` */
function shortName(name: string): string {
  return name.replace(/^refs\/(heads|remotes)\//, "");
}
