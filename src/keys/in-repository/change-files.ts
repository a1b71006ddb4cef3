import { beginReplacing, type FileSystem, type FoundFile, type ReplacePlace, type Worker } from "../../files/index.ts";
import type { RepositoryFile, RepositoryFiles } from "../../repository/index.ts";

/** Where files of a repository are replaced, and by whom. */
export interface ChangePlace {
  readonly files: FileSystem;
  readonly worker: Worker;
  readonly place: ReplacePlace;
  /** Twelve random hex digits. */
  readonly run: string;
  /** What the journal says of it. */
  readonly label: string;
  /** Path of a file of the repository relative to the base of the place. */
  readonly fromBase: (path: string) => string;
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
  { files, worker, place, run, label, fromBase }: ChangePlace,
  make: (file: RepositoryFile) => Promise<Uint8Array | undefined>,
): Promise<ChangedFiles> {
  const named = [...paths].filter((path) => !path.includes(NO_UTF8));
  const left = [...paths]
    .filter((path) => path.includes(NO_UTF8))
    .map((path) => ({ path, why: "its name is no UTF-8: rename it" }));
  if (named.length === 0) return { changed: [], left };
  const targets = new Map(named.map((path) => [path, fromBase(path)]));
  const replacement = await beginReplacing(files, worker, place, { run, label, paths: [...targets.values()] });
  const changed: string[] = [];
  try {
    // As they were before they are read: what is changed in between is then refused, never overwritten.
    const seen = new Map<string, FoundFile | undefined>();
    for (const [path, target] of targets) seen.set(path, await files.find(`${place.base}/${target}`));
    for await (const file of repository.files()) {
      const target = targets.get(file.path);
      if (target === undefined) continue;
      const content = await make(file);
      if (content === undefined) continue;
      await replacement.stage(target, content, { seen: seen.get(file.path) });
      changed.push(file.path);
    }
  } catch (cause) {
    await replacement.abandon();
    throw cause;
  }
  await replacement.commit();
  return { changed, left };
}
