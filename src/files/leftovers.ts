import type { FileSystem } from "./file-system.ts";
import type { Worker } from "./lock.ts";
import { markOf } from "./place.ts";

/**
 * Removes what workers that are gone left beside a file, when they were killed before it took the place of the file: what a
 * secret was to replace must not lie around with it. Only regular files with the very name that such a worker gives
 * (`besideName` of its own), that belong to `owner`; those of a worker that still runs, or on another machine, stay.
 * What cannot be removed stays too: a program that was to write a file is not stopped by it.
 *
 * @param owner Number of the user; undefined where the system knows none.
 */
export async function removeLeftovers(
  files: FileSystem,
  { folder, name, owner }: { readonly folder: string; readonly name: string; readonly owner: number | undefined },
  worker: Worker,
): Promise<void> {
  const found = await files.list(folder).catch(() => []);
  for (const each of found) {
    const mark = markOf(each, name);
    if (mark === undefined || worker.isRunning(mark)) continue;
    try {
      const path = `${folder}/${each}`;
      const seen = await files.find(path);
      if (seen !== undefined && (owner === undefined || seen.owner === owner)) await files.remove(path);
    } catch {
      // No regular file, or not ours to remove.
    }
  }
}
