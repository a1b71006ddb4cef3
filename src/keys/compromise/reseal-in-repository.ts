import type { RepositoryFiles } from "../../repository/index.ts";
import { type ChangePlace, changeFiles } from "../in-repository/change-files.ts";
import { type RotateSealedOptions, rotateSealedFile } from "../rotate/rotate-sealed-file.ts";

export interface ResealInRepositoryOptions extends RotateSealedOptions, ChangePlace {}

export interface ResealedInRepository {
  /** Paths of the files that were replaced. */
  readonly changed: readonly string[];
  /** SealedSecrets that stay as they are, with their file and line. */
  readonly left: readonly { readonly object: string; readonly at: string; readonly why: string }[];
  /** Files that cannot be replaced. */
  readonly leftFiles: readonly { readonly path: string; readonly why: string }[];
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
  const left: ResealedInRepository["left"][number][] = [];
  const { changed, left: leftFiles } = await changeFiles(repository, paths, options, async ({ path, bytes }) => {
    const { text, left: stay } = await rotateSealedFile(bytes, path, options);
    left.push(...stay.map(({ object, line, why }) => ({ object, at: `${path}:${line}`, why })));
    return text === undefined ? undefined : new TextEncoder().encode(text);
  });
  return { changed, left, leftFiles };
}
