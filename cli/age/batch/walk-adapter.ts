import { opendir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Failure, goFileText } from "../failure.ts";

/** A file that was named, or lies below a folder that was. */
export interface Found {
  readonly path: string;
  /** Its path below the folder, or its bare name. */
  readonly below: string;
}

/** Folders in folders; more is a mistake or a trap. */
const MAX_DEPTH = 64;
/** More files than anybody wants in one call. */
const MAX_FILES = 1_000_000;

export async function isFolder(cwd: string, path: string): Promise<boolean> {
  const seen = await stat(resolve(cwd, path)).catch(() => undefined);
  return seen?.isDirectory() === true;
}

/**
 * The file itself, or every regular file below the folder in order of names. Links in folders are not followed, and
 * `except` (where results go) is left out.
 *
 * @throws {Failure}
 */
export async function walk(cwd: string, path: string, except: string): Promise<Found[]> {
  const found: Found[] = [];
  const visit = async (folder: string, below: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw new Failure(`${folder}: more than ${MAX_DEPTH} folders deep`);
    const entries = [];
    for await (const entry of await opendir(resolve(cwd, folder))) entries.push(entry);
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const [at, inner] = [join(folder, entry.name), join(below, entry.name)];
      if (entry.isDirectory() && resolve(cwd, at) !== resolve(cwd, except)) await visit(at, inner, depth + 1);
      if (entry.isFile()) found.push({ path: at, below: inner });
      if (found.length > MAX_FILES) throw new Failure(`${path}: more than ${MAX_FILES} files`);
    }
  };
  try {
    if (!(await stat(resolve(cwd, path))).isDirectory()) return [{ path, below: basename(path) }];
    await visit(path, "", 0);
    return found;
  } catch (cause) {
    throw cause instanceof Failure ? cause : new Failure(goFileText("open", path, cause));
  }
}
