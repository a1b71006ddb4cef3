import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { isDirectory } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { logLine } from "../call/log-line.ts";

/** A file that is published. */
export interface PublishedFile {
  /** As it was typed, or the typed folder and the way down. */
  readonly path: string;
  /** What comes behind the prefix: the file's name, or its way down from the folder. */
  readonly name: string;
}

const MAX_FILES = 100_000;
const MAX_DEPTH = 100;

/**
 * The file, or all files below the folder, by name. Links to files count, links to folders do not.
 *
 * @throws {SopsFailure}
 */
export async function publishedFiles(io: Io, path: string, recursive: boolean): Promise<readonly PublishedFile[]> {
  const known = await stat(resolve(io.cwd, path)).catch(() => undefined);
  if (known === undefined) throw new SopsFailure(SOPS_EXIT.generic, `stat ${path}: no such file or directory`);
  if (!(await isDirectory(io, path))) return [{ path, name: basename(path) }];
  if (recursive) return await filesBelow(io, path);
  const message = "can't operate on a directory without --recursive flag.";
  throw new SopsFailure(SOPS_EXIT.generic, logLine(io, "fatal", message).trimEnd());
}

async function filesBelow(io: Io, root: string): Promise<PublishedFile[]> {
  const files: PublishedFile[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(resolve(io.cwd, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (depth >= MAX_DEPTH) throw tooMany(root, `folders are nested deeper than ${MAX_DEPTH} levels`);
        await visit(path, depth + 1);
      } else if (entry.isFile() || (entry.isSymbolicLink() && !(await isDirectory(io, path)))) {
        if (files.length >= MAX_FILES) throw tooMany(root, `more than ${MAX_FILES} files`);
        files.push({ path, name: relative(root, path) });
      }
    }
  };
  await visit(root, 0);
  return files;
}

function tooMany(root: string, state: string): SopsFailure {
  return new SopsFailure(SOPS_EXIT.generic, `error: Cannot publish ${JSON.stringify(root)}: ${state}`);
}
