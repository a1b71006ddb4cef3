import { AgeError } from "../../src/age/index.ts";
import { errno } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";

/** The end of an age command, in the words of the original. `message` is printed: it never holds a secret. */
export class Failure extends Error {
  readonly hints: readonly string[];

  constructor(message: string, ...hints: readonly string[]) {
    super(message);
    this.hints = hints;
  }
}

/** `open PATH: no such file or directory`, as Go words the failure of a system call. */
export function goFileText(action: "open" | "read" | "write", path: string, cause: unknown): string {
  const code = errno(cause);
  return `${action} ${path}: ${GO_WORDS[code ?? ""] ?? `input/output error (${code ?? "unknown"})`}`;
}

const GO_WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  EEXIST: "file exists",
  ENOSPC: "no space left on device",
  EDQUOT: "disk quota exceeded",
  EROFS: "read-only file system",
  ELOOP: "too many levels of symbolic links",
  ENAMETOOLONG: "file name too long",
  EMFILE: "too many open files",
  ENXIO: "no such device or address",
  EIO: "input/output error",
  EBADF: "bad file descriptor",
};

/**
 * Runs an age command and says on stderr what went wrong, the way the original does: `TOOL: error: …`, then
 * `TOOL: hint: …`. Other errors are thrown on.
 */
export async function reporting(tool: string, io: Io, command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof Failure) return await report(tool, io, error.message, error.hints);
    if (error instanceof AgeError) return await report(tool, io, error.original, hintsOf(error));
    throw error;
  }
}

export async function warn(tool: string, io: Io, text: string): Promise<void> {
  await write(io.stderr, `${tool}: warning: ${text}\n`);
}

async function report(tool: string, io: Io, message: string, hints: readonly string[]): Promise<number> {
  const lines = hints.map((hint) => `${tool}: hint: ${hint}\n`);
  await write(io.stderr, masked(`${tool}: error: ${message}\n${lines.join("")}`));
  return 1;
}

/** A secret key that was typed where a file name belongs must not come back in a message. */
export function masked(text: string): string {
  return text.replace(/AGE-SECRET-KEY-[0-9A-Z-]+/gi, "AGE-SECRET-KEY-[redacted]");
}

/** Where the original says too little, our details follow as hints. */
function hintsOf(error: AgeError): readonly string[] {
  if (error.code === "AGE_NO_MATCH") return error.details;
  if (error.code === "AGE_RECIPIENT_MALFORMED" && error.hints.length === 1) return [];
  if (error.code === "AGE_IDENTITY_MALFORMED") return [];
  return error.code === "AGE_PAYLOAD" || error.code === "AGE_HEADER_MAC" ? [] : error.hints;
}
