import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import type { FoundFile } from "../../src/files/index.ts";
import { foundFile } from "../../src/files/node-files-adapter.ts";
import { SOPS_LIMITS } from "../../src/sops/index.ts";
import { CliError } from "../errors.ts";
import { fileError } from "../files-adapter.ts";

/** What was a file when the folder was listed may be a link or a pipe by now, and opening a pipe would wait for ever. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface ReadTarget {
  readonly bytes: Uint8Array;
  /** The file as it was when it was read. */
  readonly seen: FoundFile;
}

/** Reads one file of a folder, at once: for small files the pool of threads takes longer than the disk. @throws {CliError} */
export function readTarget(file: string, absolute: string, maxBytes: number = SOPS_LIMITS.maxFileBytes): ReadTarget {
  try {
    const descriptor = openSync(absolute, FLAGS);
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (!stats.isFile()) throw Object.assign(new Error("no regular file"), { code: "EINVAL" });
      if (stats.size > maxBytes) {
        const limit = `${maxBytes / 1024 / 1024} MiB`;
        throw new CliError("CLI_FILE_TOO_BIG", `Cannot read "${file}": it is larger than ${limit}`);
      }
      return { bytes: readFileSync(descriptor), seen: foundFile(stats) };
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw fileError("read", file, cause);
  }
}
