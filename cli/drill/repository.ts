import { posix, relative, resolve } from "node:path";
import { type LocalRepository, openLocalRepository } from "../../src/git/index.ts";
import { checkFolder, workTreeFiles } from "../../src/repository/index.ts";
import { gitTree, IGNORE_FILE, ignoreRules } from "../../src/sources/index.ts";
import { type FileTree, treeFromEntries } from "../../src/tree/index.ts";
import type { Io } from "../io.ts";

/** A repository of this machine as a source that the controllers sync from, without a copy of it on disk. */
export interface RepositorySource {
  /** As it was named. */
  readonly folder: string;
  readonly commit: string | undefined;
  /** The folder that was named, below the root of its repository; `""` for the root itself. */
  readonly below: string;
  readonly remotes: readonly string[];
  /** The files as an artifact holds them, less what the patterns of `ignore` name. */
  tree(ignore: string | undefined): Promise<SourceTree>;
}

export interface SourceTree {
  readonly tree: FileTree;
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
}

/**
 * What is checked out in a repository, as it is committed; outside of Git, and before the first commit, the files of the
 * folder as they are. Nothing that the repository's configuration names is run.
 *
 * @throws {RepositoryError}; {GitError}; {TreeError}
 */
export async function openSource(folder: string, io: Io): Promise<RepositorySource> {
  const options = { env: io.env, signal: io.signal };
  const full = resolve(io.cwd, folder);
  // Says better than git what is wrong with a folder that cannot be entered.
  await checkFolder(full);
  const repository = await openLocalRepository(full, options);
  const commit = await repository?.head();
  if (repository === undefined || commit === undefined) {
    const files = await workTreeFiles(full, options);
    const onDisk = once((ignore) => treeOnDisk(files, ignore));
    return { folder, commit: undefined, below: "", remotes: [], tree: onDisk };
  }
  const committed = once((ignore) => treeOfCommit(repository, commit, ignore));
  return {
    folder,
    commit,
    below: repository.bare ? "" : relative(repository.top, full),
    remotes: await repository.remotes(),
    tree: committed,
  };
}

/** Remembers what was made for each set of patterns. */
function once(make: (ignore: string | undefined) => Promise<SourceTree>): RepositorySource["tree"] {
  const made = new Map<string | undefined, Promise<SourceTree>>();
  return (ignore) => {
    const known = made.get(ignore) ?? make(ignore);
    made.set(ignore, known);
    return known;
  };
}

async function treeOfCommit(
  repository: LocalRepository,
  commit: string,
  ignore: string | undefined,
): Promise<SourceTree> {
  const { tree, leftOut } = await gitTree(repository, commit, { ignore });
  const submodules = (await repository.files(commit)).filter(({ kind }) => kind === "submodule");
  return {
    tree,
    leftOut: [
      ...leftOut.map(({ path, reason }) => ({ path, why: `symbolic link: ${reason}` })),
      ...submodules.map(({ path }) => ({ path, why: "submodule" })),
    ],
  };
}

/** What an artifact of these files would hold: what is ignored in a commit is ignored here, too. */
async function treeOnDisk(
  files: Awaited<ReturnType<typeof workTreeFiles>>,
  ignore: string | undefined,
): Promise<SourceTree> {
  const entries = [];
  for await (const { path, bytes } of files.files()) entries.push({ kind: "file", path, bytes } as const);
  const own = entries.filter(({ path }) => posix.basename(path) === IGNORE_FILE);
  const ignored = ignoreRules({
    files: own.map(({ path, bytes }) => ({ directory: directoryOf(path), text: new TextDecoder().decode(bytes) })),
    spec: ignore,
  });
  const tree = treeFromEntries(entries.filter(({ path }) => !ignored(path)));
  const skipped = files.skipped.filter(({ path }) => !ignored(path));
  return { tree, leftOut: skipped.map(({ path, why }) => ({ path, why })) };
}

function directoryOf(path: string): string {
  return path.includes("/") ? posix.dirname(path) : "";
}

/** Whether two URLs name the same repository, however it is reached: host and path count, `.git` does not. */
export function isSameRepository(one: string, other: string): boolean {
  const [a, b] = [one, other].map(hostAndPath);
  return a !== undefined && a === b;
}

/** `github.com/org/repo` of `https://github.com/org/repo.git`, `ssh://git@github.com:22/org/repo`, `git@github.com:org/repo` */
function hostAndPath(url: string): string | undefined {
  const match =
    /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)(?::\d+)?\/(.+)$/i.exec(url) ?? /^(?:[^/@:]*@)?([^/:]+):(.+)$/.exec(url);
  if (match === null) return undefined;
  const [, host = "", path = ""] = match;
  return `${host.toLowerCase()}/${path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "")}`;
}
