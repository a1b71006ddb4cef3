import { dirname } from "node:path";
import { CliError, GO_FILE_STATES } from "../errors.ts";
import { errno, isDirectory, readFile, readStdin, replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { KubesealError } from "./errors.ts";

/** A whole file; `forWriting` that is to be changed afterwards. @throws {KubesealError} `KUBESEAL_FILE` in the words of Go: `open x: no such file or directory`. */
export async function readFileGo(
  io: Io,
  path: string,
  { forWriting = false }: { forWriting?: boolean } = {},
): Promise<Uint8Array> {
  // Resolved like any other name it would be the current folder.
  if (path === "") throw new KubesealError("KUBESEAL_FILE", "open : no such file or directory");
  try {
    // The device keeps its meaning also where the streams are not those of the process.
    return await (path === "/dev/stdin" ? readStdin(io) : readFile(io, path === "-" ? "./-" : path));
  } catch (cause) {
    const isRead = cause instanceof CliError && cause.code === "CLI_IS_DIRECTORY" && !forWriting;
    throw goError(cause, isRead ? "read" : "open", path);
  }
}

/** All of stdin. @throws {KubesealError} `KUBESEAL_FILE` */
export async function readStdinGo(io: Io): Promise<Uint8Array> {
  try {
    return await readStdin(io);
  } catch (cause) {
    throw goError(cause, "read", "/dev/stdin");
  }
}

/** Refuses an output file whose folder is not there, before any work is done for it. */
export async function goOpenError(io: Io, path: string): Promise<void> {
  if (await isDirectory(io, dirname(path))) return;
  throw new KubesealError("KUBESEAL_FILE", `open ${path}: no such file or directory`, {
    hints: [`mkdir -p ${dirname(path)}`],
  });
}

/** Replaces a file in one step. @throws {KubesealError} `KUBESEAL_FILE`; what was there is unchanged then. */
export async function replaceFileGo(
  io: Io,
  path: string,
  text: string,
  { keepMode = false }: { keepMode?: boolean } = {},
): Promise<void> {
  try {
    await replaceFile(io, path, text, keepMode ? {} : { mode: 0o600 });
  } catch (cause) {
    throw goError(cause, cause instanceof CliError && cause.code === "CLI_DISK_FULL" ? "write" : "open", path);
  }
}

function goError(cause: unknown, verb: string, path: string): unknown {
  if (!(cause instanceof CliError)) return cause;
  const state = errno(cause.cause) === "ENOTDIR" ? "not a directory" : GO_FILE_STATES[cause.code];
  const message = state === undefined ? cause.message : `${verb} ${path}: ${state}`;
  return new KubesealError("KUBESEAL_FILE", message, { cause, hints: cause.hints });
}
