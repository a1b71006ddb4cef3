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

/**
 * Changes some files of a repository together: broken off, each is as before or as after. `make` gives the new content of
 * a file, or undefined to leave it alone. Returns the paths of those that were replaced.
 *
 * @throws {FilesError}; {RepositoryError}; what `make` throws, and then no file is replaced.
 */
export async function changeFiles(
  repository: RepositoryFiles,
  paths: ReadonlySet<string>,
  { files, worker, place, run, label, fromBase }: ChangePlace,
  make: (file: RepositoryFile) => Promise<Uint8Array | undefined>,
): Promise<readonly string[]> {
  if (paths.size === 0) return [];
  const targets = new Map([...paths].map((path) => [path, fromBase(path)]));
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
  return changed;
}
