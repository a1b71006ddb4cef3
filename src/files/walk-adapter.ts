import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";

/** Folders that nest deeper are nobody's. */
export const MAX_FOLDER_DEPTH = 64;

const SLASH = Buffer.from("/");

/** A folder that a walk has come to. */
export interface WalkedFolder {
  /** Relative to the root, with `/`; empty for the root itself. */
  readonly path: Buffer;
  /** As the system lists them, links not followed; undefined when the folder cannot be read. */
  readonly entries: readonly Dirent<Buffer>[] | undefined;
  /** Why it cannot be read. */
  readonly cause: unknown;
}

/**
 * Goes through folders, one after the other, and only into those that its user says; without recursion. Names are bytes: a
 * name need not be text.
 */
export class FolderWalk {
  readonly #root: Buffer;
  readonly #waiting: { readonly path: Buffer; readonly depth: number }[];
  #depth = 0;

  /** `from` is where it begins, relative to the root. */
  constructor(root: string, from = "") {
    this.#root = Buffer.from(root);
    this.#waiting = [{ path: Buffer.from(from), depth: 0 }];
  }

  /** How many folders are still to come. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Has the walk come to a folder of the one that it is at. False when that is too deep (`MAX_FOLDER_DEPTH`). */
  enter(path: Buffer): boolean {
    if (this.#depth >= MAX_FOLDER_DEPTH) return false;
    this.#waiting.push({ path, depth: this.#depth + 1 });
    return true;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WalkedFolder> {
    for (let at = this.#waiting.pop(); at !== undefined; at = this.#waiting.pop()) {
      const { path, depth } = at;
      this.#depth = depth;
      yield await readdir(pathBelow(this.#root, path), { withFileTypes: true, encoding: "buffer" }).then(
        (entries) => ({ path, entries, cause: undefined }),
        (cause: unknown) => ({ path, entries: undefined, cause }),
      );
    }
  }
}

/** The path of what is called `name` in a folder; of the folder itself for the empty name. */
export function pathBelow(folder: Buffer, name: Buffer): Buffer {
  if (name.length === 0) return folder;
  return folder.length === 0 ? name : Buffer.concat([folder, SLASH, name]);
}
