import { commitOrAbandon, type FoundFile, type Replacement } from "../../files/index.ts";
import type { RepositoryFile, RepositoryFiles } from "../../repository/index.ts";

/** Where files of a repository are replaced. */
export interface ChangePlace {
  /** What the place calls a file of the repository. */
  readonly inPlace: (path: string) => string;
  /** Begins to replace files, by what the place calls them. @throws {FilesError} */
  readonly begin: (paths: readonly string[]) => Promise<Replacement>;
  /** A file as it is now, by what the place calls it. */
  readonly find: (path: string) => Promise<FoundFile | undefined>;
  /** Called after each file that is to change, with the number of those done and of all. */
  readonly onStep?: ((done: number, all: number) => void) | undefined;
}

/** What became of files of a repository. */
export interface ChangedFiles {
  /** Paths of those that were replaced. */
  readonly changed: readonly string[];
  /** Those that cannot be replaced, and why. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
}

/** What stands for the bytes of a name that are no UTF-8: by such a name no file is found again, or another one. */
const NO_UTF8 = "\ufffd";

/**
 * Changes some files of a repository together: broken off, each is as before or as after. `make` gives the new content of
 * a file, or undefined to leave it alone.
 *
 * @throws {FilesError}; {RepositoryError}; what `make` throws, and then no file is replaced.
 */
export async function changeFiles(
  repository: RepositoryFiles,
  paths: ReadonlySet<string>,
  { inPlace, begin, find, onStep }: ChangePlace,
  make: (file: RepositoryFile) => Promise<Uint8Array | undefined>,
): Promise<ChangedFiles> {
  const named = [...paths].filter((path) => !path.includes(NO_UTF8));
  const left = [...paths]
    .filter((path) => path.includes(NO_UTF8))
    .map((path) => ({ path, why: "its name is no UTF-8: rename it" }));
  if (named.length === 0) return { changed: [], left };
  const targets = new Map(named.map((path) => [path, inPlace(path)]));
  const replacement = await begin([...targets.values()]);
  return await commitOrAbandon(replacement, async () => {
    const changed: string[] = [];
    let done = 0;
    // As they were before they are read: what is changed in between is then refused, never overwritten.
    const seen = new Map<string, FoundFile | undefined>();
    for (const [path, target] of targets) seen.set(path, await find(target));
    for await (const file of repository.files()) {
      const target = targets.get(file.path);
      if (target === undefined) continue;
      const content = await make(file);
      onStep?.(++done, targets.size);
      if (content === undefined) continue;
      await replacement.stage(target, content, { seen: seen.get(file.path) });
      changed.push(file.path);
    }
    return { result: { changed, left }, isRefused: false };
  });
}
