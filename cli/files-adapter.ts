import { rmSync } from "node:fs";
import { type FileHandle, mkdir, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { besideName, removeLeftovers } from "../src/files/index.ts";
import { flushAndClose, flushFolder, nodeFiles, writeBeside } from "../src/files/node-files-adapter.ts";
import { thisWorker } from "../src/files/worker-adapter.ts";
import { CliError } from "./errors.ts";
import type { Io } from "./io.ts";
import { newTarget, writeOver } from "./write-over-adapter.ts";

/** No manifest, key file or certificate is larger; what may be (age files) is streamed. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024;

const CHUNK_BYTES = 1024 * 1024;

/**
 * A whole file, relative to the current folder. `-` and `/dev/stdin` are what they say.
 *
 * @throws {CliError} when it is missing, a folder, unreadable or larger than `maxBytes`.
 */
export async function readFile(io: Io, path: string, { maxBytes = MAX_INPUT_BYTES } = {}): Promise<Uint8Array> {
  if (path === "-") return await readStdin(io, { maxBytes });
  try {
    const handle = await open(resolve(io.cwd, path), "r");
    try {
      return await readHandle(handle, path, maxBytes);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

async function readHandle(handle: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { size } = await handle.stat();
    // One byte more than the file holds shows its end without another round; pipes have size 0.
    const part = new Uint8Array(Math.max(1, Math.min(CHUNK_BYTES, size > total ? size - total + 1 : CHUNK_BYTES)));
    const { bytesRead } = await handle.read(part, 0, part.length, null);
    if (bytesRead === 0) break;
    total += bytesRead;
    if (total > maxBytes) throw tooBig(`"${path}"`, maxBytes);
    parts.push(part.subarray(0, bytesRead));
  }
  return parts.length === 1 ? (parts[0] ?? new Uint8Array()) : Buffer.concat(parts);
}

/** Everything that comes in on stdin. @throws {CliError} when it is larger than `maxBytes` or breaks off. */
export async function readStdin(io: Io, { maxBytes = MAX_INPUT_BYTES } = {}): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of io.stdin) {
      const part = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      total += part.length;
      if (total > maxBytes) throw tooBig("standard input", maxBytes);
      parts.push(part);
    }
  } catch (cause) {
    throw fileError("read", "standard input", cause);
  }
  return Buffer.concat(parts);
}

/** A file as text. @throws {CliError} as `readFile`. Bytes that are not UTF-8 become U+FFFD. */
export async function readTextFile(io: Io, path: string, options: { maxBytes?: number } = {}): Promise<string> {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await readFile(io, path, options));
}

/** Whether there is a folder of that name. */
export async function isDirectory(io: Io, path: string): Promise<boolean> {
  const seen = await stat(resolve(io.cwd, path)).catch(() => undefined);
  return seen?.isDirectory() === true;
}

/** Whether there is a regular file of that name. */
export async function isRegularFile(io: Io, path: string): Promise<boolean> {
  const seen = await stat(resolve(io.cwd, path)).catch(() => undefined);
  return seen?.isFile() === true;
}

/** Makes a folder and those above it. @throws {CliError} */
export async function makeFolders(io: Io, path: string): Promise<void> {
  await mkdir(resolve(io.cwd, path), { recursive: true }).catch((cause: unknown) => {
    throw fileError("write", path, cause);
  });
}

export interface ReplaceOptions {
  /** Permission bits of the new file. Absent: those of the file that is replaced, `0o644` (less the umask) for a new one. */
  readonly mode?: number | undefined;
  /** Refuse to touch a file that is already there. */
  readonly onlyNew?: boolean | undefined;
  /** Also remove what runs that were killed left beside the file; for what is secret, because it takes a look at the folder. */
  readonly clearsLeftovers?: boolean | undefined;
}

/** New contents that stand beside their files. */
const unfinished = new Set<string>();
let isListening = false;

/** Whoever interrupts a slow disk leaves nothing beside the file: it may be clear text. */
function removeAtExit(path: string): void {
  unfinished.add(path);
  if (isListening) return;
  isListening = true;
  process.on("exit", removeUnfinished);
}

function removeUnfinished(): void {
  for (const each of unfinished) rmSync(each, { force: true });
}

/**
 * Puts `content` in place of a file in one step: written beside it, flushed, renamed over it, so that a reader or a
 * crash sees the old file or the new one. Follows a symbolic link to the file it names; keeps mode and owner. What is
 * no regular file (a pipe, `/dev/stdout`) is written to directly, and so is a file whose place no other can take.
 *
 * @throws {CliError} and leaves what was there untouched.
 */
export async function replaceFile(
  io: Io,
  path: string,
  content: Uint8Array | string,
  { mode, onlyNew = false, clearsLeftovers = false }: ReplaceOptions = {},
): Promise<void> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  try {
    const wanted = resolve(io.cwd, path);
    const before = await stat(wanted).catch(missing);
    if (before !== undefined && onlyNew) throw exists(path);
    if (before?.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
    if (before !== undefined && !before.isFile()) {
      await writeDirectly(wanted, bytes);
      return;
    }
    const end = await newTarget(wanted);
    const target = before === undefined ? end : await realpath(wanted);
    const [folder, name] = [dirname(target), basename(target)];
    const worker = thisWorker();
    const beside = join(folder, besideName(name, worker.name));
    if (clearsLeftovers) await removeLeftovers(nodeFiles, { folder, name, owner: process.geteuid?.() }, worker);
    const like =
      before === undefined ? undefined : { mode: before.mode & 0o7777, owner: before.uid, group: before.gid };
    try {
      const descriptor = writeBeside(beside, bytes, { mode, like });
      await moveInto(target, beside, descriptor);
    } catch (cause) {
      if (before === undefined || !KEEPS_ITS_PLACE.has(errno(cause) ?? "")) throw cause;
      await writeOver(target, bytes, { mode });
      return;
    }
    await flushFolder(folder);
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}

/** Nothing may stand beside the file, or take the place of one that is mounted by itself. */
const KEEPS_ITS_PLACE: ReadonlySet<string> = new Set(["EBUSY", "EACCES", "EPERM", "EROFS"]);

async function moveInto(target: string, beside: string, descriptor: number): Promise<void> {
  removeAtExit(beside);
  try {
    await flushAndClose(descriptor);
    await rename(beside, target);
  } catch (cause) {
    await unlink(beside).catch(() => undefined);
    throw cause;
  } finally {
    unfinished.delete(beside);
  }
}

/** Refuses a path at which there is something already. @throws {CliError} `CLI_FILE_EXISTS` */
export async function refuseExisting(io: Io, path: string): Promise<void> {
  const found = await stat(resolve(io.cwd, path)).catch(missing);
  if (found !== undefined) throw exists(path);
}

async function writeDirectly(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "w");
  try {
    await handle.writeFile(bytes);
  } finally {
    await handle.close();
  }
}

function missing(cause: unknown): undefined {
  if (errno(cause) === "ENOENT") return undefined;
  throw cause;
}

function exists(path: string): CliError {
  return new CliError("CLI_FILE_EXISTS", `Cannot write "${path}": it exists already`, {
    hints: ["choose another name, or remove the file first"],
  });
}

function tooBig(what: string, maxBytes: number): CliError {
  return new CliError(
    "CLI_FILE_TOO_BIG",
    `Cannot read ${what}: it is larger than ${Math.floor(maxBytes / (1024 * 1024))} MiB`,
  );
}

/** The error number of a failed system call (`ENOENT`), or undefined. */
export function errno(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !("code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}

/** Says in words why a file could not be read or written. A `CliError` stays as it is. */
export function fileError(action: "read" | "write", path: string, cause: unknown): CliError {
  if (cause instanceof CliError) return cause;
  const code = errno(cause);
  const [kind, state] = FILE_STATES[code ?? ""] ?? ["CLI_FILE_UNUSABLE", `the system says ${code ?? "no"}`];
  const isStream = path.startsWith("standard ");
  const place = isStream ? path : `"${path}"`;
  const hints = isStream ? [] : fileHints(kind, action, path);
  return new CliError(kind, `Cannot ${action} ${place}: ${isStream ? state.replace(UNCHANGED, "") : state}`, {
    cause,
    hints,
  });
}

/** What to do now, as a command where there is one. */
function fileHints(kind: CliError["code"], action: "read" | "write", path: string): string[] {
  const folder = JSON.stringify(dirname(path));
  switch (kind) {
    case "CLI_FILE_MISSING":
      return [action === "read" ? `see what is there: ls -l ${folder}` : `make the folder first: mkdir -p ${folder}`];
    case "CLI_FILE_DENIED":
      return ["check the permissions of the file and of its folder"];
    case "CLI_DISK_FULL":
      return [`make room, or write somewhere else: df -h ${folder}`];
    case "CLI_IS_DIRECTORY":
      return ["name a file in it"];
    case "CLI_FILE_EXISTS":
      return ["choose another name, or remove it first"];
    default:
      return [];
  }
}

const UNCHANGED = "; what was there is unchanged";

const FILE_STATES: Readonly<Record<string, readonly [CliError["code"], string]>> = {
  ENOENT: ["CLI_FILE_MISSING", "no such file or directory"],
  ENOTDIR: ["CLI_FILE_MISSING", "a part of the path is not a directory"],
  ELOOP: ["CLI_FILE_UNUSABLE", "too many symbolic links"],
  EACCES: ["CLI_FILE_DENIED", "permission denied"],
  EPERM: ["CLI_FILE_DENIED", "operation not permitted"],
  EROFS: ["CLI_FILE_DENIED", "the file system is read-only"],
  EISDIR: ["CLI_IS_DIRECTORY", "it is a directory"],
  ENOSPC: ["CLI_DISK_FULL", `no space left on the device${UNCHANGED}`],
  EDQUOT: ["CLI_DISK_FULL", `the disk quota is used up${UNCHANGED}`],
  EEXIST: ["CLI_FILE_EXISTS", "it exists already"],
  ENAMETOOLONG: ["CLI_FILE_UNUSABLE", "the name is too long"],
  EMFILE: ["CLI_FILE_UNUSABLE", "too many files are open"],
  EIO: ["CLI_FILE_UNUSABLE", "the device reports an error"],
};
