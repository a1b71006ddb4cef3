import { access, constants } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";

/**
 * The word by which git is to start sealkit: the name, when it is found in PATH, or an absolute path.
 *
 * @throws {CliError} `CLI_FILE_MISSING` when there is no such program.
 */
export async function findProgram(io: Io, program: string): Promise<string> {
  const isPath = program.includes("/");
  const folders = (io.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = isPath ? [resolve(io.cwd, program)] : folders.map((folder) => join(folder, program));
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return isPath ? candidate : program;
  }
  const state = isPath ? "there is no such program, or it may not be run" : "it is not in PATH";
  throw new CliError("CLI_FILE_MISSING", `Cannot use ${JSON.stringify(program)}: ${state}`, {
    hints: ["say where sealkit is: --program /usr/local/bin/sealkit"],
  });
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
