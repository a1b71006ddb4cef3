import { join, relative } from "node:path";
import { isDirectory } from "../files-adapter.ts";
import { manifestFiles } from "../files-below/walk-adapter.ts";
import type { Io } from "../io.ts";

/** A file that a command over folders looks at. */
export interface SourceFile {
  /** As people name it: relative to the current folder when the argument was. */
  readonly path: string;
  /** Relative to the folder of the argument; the bare name for a file that was named itself. */
  readonly inside: string;
}

export interface SourceFiles {
  readonly files: readonly SourceFile[];
  /** Symbolic links, which are not followed. */
  readonly links: readonly string[];
}

/** The files that were named, and all manifests below the folders that were. A file of two arguments comes once. */
export async function sourceFiles(words: readonly string[], io: Io): Promise<SourceFiles> {
  const files = new Map<string, SourceFile>();
  const links: string[] = [];
  for (const word of words) {
    if (!(await isDirectory(io, word))) {
      files.set(join(word), { path: word, inside: relative(join(word, ".."), word) });
      continue;
    }
    const found = await manifestFiles(io, word);
    for (const inside of found.paths) {
      const path = join(word, inside);
      if (!files.has(path)) files.set(path, { path, inside });
    }
    links.push(...found.links.map((link) => join(word, link)));
  }
  return { files: [...files.values()], links };
}
