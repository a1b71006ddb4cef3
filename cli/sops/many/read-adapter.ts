import { open } from "node:fs/promises";
import type { FoundFile } from "../../../src/files/index.ts";
import { foundFile } from "../../../src/files/node-files-adapter.ts";
import { SOPS_LIMITS } from "../../../src/sops/index.ts";
import { CliError } from "../../errors.ts";
import { fileError } from "../../files-adapter.ts";

export interface ReadTarget {
  readonly bytes: Uint8Array;
  /** The file as it was when it was read. */
  readonly seen: FoundFile;
}

/** Reads one file of a folder. @throws {CliError} */
export async function readTarget(file: string, absolute: string): Promise<ReadTarget> {
  try {
    const handle = await open(absolute, "r");
    try {
      const stats = await handle.stat({ bigint: true });
      if (stats.size > SOPS_LIMITS.maxFileBytes) {
        throw new CliError(
          "CLI_FILE_TOO_BIG",
          `Cannot read "${file}": it is larger than ${SOPS_LIMITS.maxFileBytes / 1024 / 1024} MiB`,
        );
      }
      return { bytes: await handle.readFile(), seen: foundFile(stats) };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw fileError("read", file, cause);
  }
}
