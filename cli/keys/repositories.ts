import { resolve } from "node:path";
import { nodeFiles } from "../../src/files/node-files-adapter.ts";
import { findPlace } from "../../src/files/place-adapter.ts";
import type { ChangePlace } from "../../src/keys/index.ts";
import { checkFolder } from "../../src/repository/index.ts";
import type { Io } from "../io.ts";
import { replacedFiles } from "../many-files/replaced-files-adapter.ts";
import { note } from "../output.ts";

/** A folder that was named with `--repo`. */
export interface NamedFolder {
  readonly shown: string;
  readonly full: string;
}

export function foldersAt(io: Io, folders: readonly string[]): readonly NamedFolder[] {
  return folders.map((shown) => ({ shown, full: resolve(io.cwd, shown) }));
}

/** Where the files of a folder are replaced, with a journal that says `label`. */
export async function changePlace(full: string, label: string): Promise<ChangePlace> {
  const place = await findPlace(full);
  const replaced = replacedFiles(place);
  return {
    inPlace: (path) => replaced.pathOf(resolve(full, path)),
    begin: (paths) => replaced.begin(label, paths),
    find: (path) => nodeFiles.find(`${place.base}/${path}`),
  };
}

/**
 * Ends what an earlier run left half done, of this command or of another one: files cannot be replaced before, and that
 * should not be found out when the cluster is changed already. @throws {RepositoryError} when there is no such folder.
 */
export async function endBrokenOff(io: Io, { shown, full }: NamedFolder, isDryRun: boolean): Promise<void> {
  // A folder that is not there is told before anything is changed.
  await checkFolder(full);
  const replaced = replacedFiles(await findPlace(full));
  const unfinished = await replaced.unfinished();
  if (unfinished === undefined) return;
  if (isDryRun) {
    await note(io, `An earlier run (${unfinished.label}) in ${shown} did not end: it would be ended first`);
    return;
  }
  const ended = await replaced.endUnfinished("finish");
  if (ended !== undefined)
    await note(io, `An earlier run (${ended.label}) in ${shown} was ended first: ${ended.outcome}`);
}
