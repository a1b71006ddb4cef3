import type { GitFile, Repository } from "../git/index.ts";
import {
  baseName,
  checkSizes,
  type FileTree,
  filterTree,
  type LeftOutLink,
  parentOf,
  type TreeEntry,
  type TreeLimits,
  treeFromEntries,
} from "../tree/index.ts";
import { SourceError } from "./errors.ts";
import { IGNORE_FILE, ignoreRules } from "./ignore.ts";

const MAX_IGNORE_BYTES = 64 * 1024;
const MAX_IGNORE_FILES = 500;

export interface GitTree {
  readonly tree: FileTree;
  /** Symbolic links that lead out of the repository, to nothing, or in a circle. */
  readonly leftOut: readonly LeftOutLink[];
}

/**
 * The files of a fetched commit that belong into an artifact. What is ignored is never read; submodules are left out.
 *
 * @throws {TreeError} beyond the limits; {SourceError}, {GitError}.
 */
export async function gitTree(
  repository: Pick<Repository, "files" | "read">,
  commit: string,
  options: { readonly ignore?: string | undefined; readonly limits?: Partial<TreeLimits> } = {},
): Promise<GitTree> {
  const listed = (await repository.files(commit)).filter(({ kind }) => kind !== "submodule");
  const ignored = ignoreRules({ files: await ignoreFiles(repository, listed), spec: options.ignore });
  const wanted = listed.filter(({ path }) => !ignored(path));
  checkSizes(wanted, options.limits);
  const contents = await readAll(repository, wanted);
  const leftOut: LeftOutLink[] = [];
  const tree = treeFromEntries(
    wanted.map((file) => toEntry(file, contents.get(file.hash) ?? new Uint8Array())),
    {
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      badLinks: "leave-out",
      onLeftOut: (link) => leftOut.push(link),
    },
  );
  // A link to a directory brings its files in under new paths, which the patterns have not seen yet.
  return { tree: filterTree(tree, (path) => !ignored(path)), leftOut };
}

async function ignoreFiles(repository: Pick<Repository, "read">, files: readonly GitFile[]) {
  const found = files.filter(({ kind, path }) => kind === "file" && baseName(path) === IGNORE_FILE);
  if (found.length > MAX_IGNORE_FILES || found.some(({ bytes }) => bytes > MAX_IGNORE_BYTES)) {
    throw new SourceError("SOURCE_IGNORE_TOO_LARGE", `Cannot use the ${IGNORE_FILE} files: too many or too large`, {
      details: [`at most ${MAX_IGNORE_FILES} files of ${MAX_IGNORE_BYTES} bytes`],
    });
  }
  const contents = await readAll(repository, found);
  return found.map(({ path, hash }) => ({
    directory: parentOf(path),
    text: new TextDecoder().decode(contents.get(hash)),
  }));
}

async function readAll(
  repository: Pick<Repository, "read">,
  files: readonly GitFile[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const sizes = new Map(files.map(({ hash, bytes }) => [hash, bytes]));
  if (sizes.size === 0) return new Map();
  return repository.read(
    [...sizes.keys()],
    [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0),
  );
}

function toEntry(file: GitFile, bytes: Uint8Array): TreeEntry {
  return file.kind === "link"
    ? { kind: "link", path: file.path, target: new TextDecoder().decode(bytes) }
    : { kind: "file", path: file.path, bytes, executable: file.executable };
}
