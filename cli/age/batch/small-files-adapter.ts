import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { besideName } from "../../../src/files/index.ts";
import { errno } from "../../files-adapter.ts";
import { Failure, goFileText } from "../failure.ts";

/** A result that is written beside its place and not visible yet. */
export interface Staged {
  /** Puts it into its place, flushed before if it may take that of another file. @throws {Failure} and leaves nothing. */
  commit(): Promise<void>;
  discard(): void;
}

/**
 * All of a file, or undefined when it is longer than `limit` bytes. Small files are read without the detour over other
 * threads: it costs five times what the reading does.
 *
 * @throws {Failure}
 */
export function readSmall(path: string, shown: string, limit: number): Uint8Array | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const { size } = fstatSync(descriptor);
    if (size > limit) return undefined;
    const bytes = new Uint8Array(size + 1);
    let length = 0;
    // One byte more is asked for than the file has, so one that has grown is noticed. Files of the kernel say 0 and have more.
    const isAll = () => length === size && size > 0;
    for (let read = -1; read !== 0 && !isAll() && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    return length > size ? undefined : bytes.subarray(0, length);
  } catch (cause) {
    throw new Failure(goFileText(descriptor === undefined ? "open" : "read", shown, cause));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

export interface StageOptions {
  readonly mode: number;
  /** Take the place of a file that is there; otherwise it stays, and `commit` fails. */
  readonly replace: boolean;
  /** Path of the result until it is in its place: in the same file system. */
  readonly beside: string;
}

/** Writes a result beside its place. @throws {Failure} */
export function stage(path: string, shown: string, content: Uint8Array, options: StageOptions): Staged {
  const { mode, replace, beside } = options;
  let descriptor: number | undefined;
  const discard = () => {
    if (descriptor === undefined) return;
    closeSync(descriptor);
    descriptor = undefined;
    unlinkSync(beside);
  };
  try {
    mkdirOnce(dirname(path));
    descriptor = openSync(beside, "wx", mode);
    for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
  } catch (cause) {
    discard();
    throw new Failure(goFileText("write", shown, cause));
  }
  const open = descriptor;
  return {
    discard,
    async commit() {
      try {
        if (replace) await promisify(fsync)(open);
        closeSync(open);
        descriptor = undefined;
        place(beside, path, replace);
      } catch (cause) {
        discard();
        throw new Failure(goFileText("write", shown, cause));
      }
    },
  };
}

/** Marks of results that are not in their places yet: what those of one batch have in common, and nobody else's. */
export function newMark(): string {
  return randomBytes(6).toString("hex");
}

/** The mark of one file of a batch: of a thread that died, the main thread must find what it left. */
export function markOf(mark: string, index: number): string {
  return `${mark}${index.toString(36)}`;
}

/** In the folder of the result itself. */
export function placeBeside(path: string, mark: string): string {
  return join(dirname(path), besideName(basename(path), mark));
}

/** Takes away what somebody else staged and cannot any more. */
export function discardStaged(path: string, mark: string): void {
  rmSync(placeBeside(path, mark), { force: true });
}

/** The folder in the folder of all results where one thread of a batch makes its own. */
export function stagingFolder(output: string, mark: string, thread: number): string {
  return join(output, `.sealkit-${mark}-${thread}`);
}

/** Makes it, for nobody else. @throws {Failure} */
export function makeStaging(folder: string): void {
  try {
    mkdirOnce(dirname(folder));
    mkdirSync(folder, PRIVATE_FOLDER);
  } catch (cause) {
    throw new Failure(goFileText("write", folder, cause));
  }
}

/** Takes it away with all that is left in it. */
export function removeStaging(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

const PRIVATE_FOLDER = 0o700;

/** Folders that are known to be there. */
const made = new Set<string>();

function mkdirOnce(folder: string): void {
  if (made.has(folder)) return;
  mkdirSync(folder, { recursive: true });
  made.add(folder);
}

/** A link, unlike a rename, fails when somebody else has taken the place meanwhile. */
function place(beside: string, path: string, replace: boolean): void {
  try {
    if (replace) renameSync(beside, path);
    else {
      linkSync(beside, path);
      unlinkSync(beside);
    }
  } catch (cause) {
    const hasNoLinks = ["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"].includes(errno(cause) ?? "");
    if (!replace && hasNoLinks && !existsSync(path)) {
      renameSync(beside, path);
      return;
    }
    unlinkSync(beside);
    throw cause;
  }
}

/** Whether anything has that name. */
export function exists(path: string): boolean {
  return existsSync(path);
}

/** Makes the new names in a folder durable; some file systems refuse to flush a folder. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
