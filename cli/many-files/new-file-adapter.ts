import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { CliError } from "../errors.ts";
import { fileError } from "../files-adapter.ts";
import { type ReadTarget, readTarget } from "./read-adapter.ts";

/** Makes the folder of a file, and those above it. @throws {CliError} */
export async function makeFolderOf(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true }).catch((cause: unknown) => {
    throw fileError("write", file, cause);
  });
}

/** A file that need not be there. @throws {CliError} when it is there and cannot be read. */
export function readIfThere(file: string, absolute: string): ReadTarget | undefined {
  try {
    return readTarget(file, absolute);
  } catch (cause) {
    if (cause instanceof CliError && cause.code === "CLI_FILE_MISSING") return undefined;
    throw cause;
  }
}
