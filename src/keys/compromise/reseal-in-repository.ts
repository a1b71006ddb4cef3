import { beginReplacing, type FileSystem, type ReplacePlace, type Worker } from "../../files/index.ts";
import type { RepositoryFiles } from "../../repository/index.ts";
import { type RotateSealedOptions, rotateSealedFile } from "../rotate/rotate-sealed-file.ts";

export interface ResealInRepositoryOptions extends RotateSealedOptions {
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

export interface ResealedInRepository {
  /** Paths of the files that were replaced. */
  readonly changed: readonly string[];
  /** SealedSecrets that stay as they are, with their file and line. */
  readonly left: readonly { readonly object: string; readonly at: string; readonly why: string }[];
}

/**
 * Brings the SealedSecrets of some files of a repository onto the newest key. The files are replaced together: broken off,
 * each is as before or as after.
 *
 * @throws {FilesError}; {RepositoryError}; {YamlError}
 */
export async function resealInRepository(
  repository: RepositoryFiles,
  paths: ReadonlySet<string>,
  options: ResealInRepositoryOptions,
): Promise<ResealedInRepository> {
  const { files, worker, place, run, label, fromBase } = options;
  if (paths.size === 0) return { changed: [], left: [] };
  const based = new Map([...paths].map((path) => [path, fromBase(path)]));
  const replacement = await beginReplacing(files, worker, place, { run, label, paths: [...based.values()] });
  const changed: string[] = [];
  const left: ResealedInRepository["left"][number][] = [];
  try {
    // As they were before they are read: what is changed in between is then refused, never overwritten.
    const seen = new Map<string, Awaited<ReturnType<FileSystem["find"]>>>();
    for (const [path, inBase] of based) seen.set(path, await files.find(`${place.base}/${inBase}`));
    for await (const { path, bytes } of repository.files()) {
      const target = based.get(path);
      if (target === undefined) continue;
      const { text, left: stay } = await rotateSealedFile(bytes, path, options);
      left.push(...stay.map(({ object, line, why }) => ({ object, at: `${path}:${line}`, why })));
      if (text === undefined) continue;
      await replacement.stage(target, new TextEncoder().encode(text), { seen: seen.get(path) });
      changed.push(path);
    }
  } catch (cause) {
    await replacement.abandon();
    throw cause;
  }
  await replacement.commit();
  return { changed, left };
}
