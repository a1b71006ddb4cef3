import { TreeError } from "./errors.ts";
import type { TreeLimits } from "./limits.ts";

/** Counts what a tree holds, and throws at the first file too many. */
export class Budget {
  readonly #limits: TreeLimits;
  #files = 0;
  #bytes = 0;

  constructor(limits: TreeLimits) {
    this.#limits = limits;
  }

  countLink(path: string): void {
    this.#files += 1;
    if (this.#files > this.#limits.maxFiles) throw tooMany(path, this.#limits.maxFiles);
  }

  countFile(path: string, bytes: number): void {
    this.countLink(path);
    if (bytes > this.#limits.maxFileBytes) throw tooLarge(path, bytes, this.#limits.maxFileBytes);
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxTotalBytes) {
      throw new TreeError(
        "TREE_TOO_LARGE",
        `Cannot load the file tree: more than ${this.#limits.maxTotalBytes} bytes`,
        {
          path,
          details: [`reached at "${path}"`],
          hints: ["leave out what the cluster does not need, with a .sourceignore file or spec.ignore"],
        },
      );
    }
  }
}

function tooMany(path: string, limit: number): TreeError {
  return new TreeError("TREE_TOO_LARGE", `Cannot load the file tree: more than ${limit} files`, {
    path,
    details: [`reached at ${quote(path)}`],
    hints: ["leave out what the cluster does not need, with a .sourceignore file or spec.ignore"],
  });
}

function tooLarge(path: string, bytes: number, limit: number): TreeError {
  return new TreeError("TREE_TOO_LARGE", `Cannot load ${quote(path)}: ${bytes} bytes, at most ${limit} are allowed`, {
    path,
    hints: ["leave it out with a .sourceignore file or spec.ignore"],
  });
}

/** A path for an error message: quoted, without control characters, cut when long. */
export function quote(path: string): string {
  const text = JSON.stringify(path);
  return text.length <= 200 ? text : `${text.slice(0, 197)}..."`;
}
