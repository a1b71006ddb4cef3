import { randomBytes } from "node:crypto";
import { constants, copyFile, type FileHandle, mkdir, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { PieceMemory } from "../../src/age/index.ts";
import type { PlacedFile } from "../../src/age/threads/chunk-threads-adapter.ts";
import { writePiece } from "../../src/age/write-piece-adapter.ts";
import { besideName } from "../../src/files/index.ts";
import { errno } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { newTarget } from "../write-over-adapter.ts";
import { Failure, goFileText } from "./failure.ts";
import { Place } from "./place.ts";

/** Where a command writes. Nothing exists before the first byte or `finish`. */
export interface Output {
  write(piece: Uint8Array): Promise<void>;
  /** A regular file that waits beside its place may be written at any place; undefined when the output is something else. */
  regular?(): Promise<PlacedFile | undefined>;
  /** Makes the result visible. */
  finish(): Promise<void>;
  /** Memory for what is written, where it is free again when the write after the next one is asked for. */
  readonly memory?: PieceMemory;
  /** Leaves no trace of a result that was not finished. */
  abandon(): Promise<void>;
}

/** Standard output; what was written cannot be taken back. */
export function stdoutOutput(io: Io): Output {
  return {
    write: (piece) => write(io.stdout, piece),
    finish: async () => undefined,
    abandon: async () => undefined,
  };
}

export interface FileOutputOptions {
  /** Permission bits of a new file, less the umask; default 0666. */
  readonly mode?: number;
  /** Make the folders it lies in. */
  readonly makeFolders?: boolean;
}

/** One piece is written while the next one is made: two memories, again and again. */
function inTurns(): PieceMemory {
  let [next, other] = [new Uint8Array(0), new Uint8Array(0)];
  return (length) => {
    [next, other] = [other, next];
    if (next.length < length) next = new Uint8Array(length);
    return next;
  };
}

/**
 * A file that appears when it is whole: written beside its place, and renamed. Where it takes the place of another it is
 * flushed first, so that one of the two outlasts a power failure. A new one is not, as with the original: a gibibyte
 * takes longer to the disk than through the cipher. A file that is there already keeps
 * its mode; a link keeps pointing at its target; what is no regular file (a pipe, `/dev/null`), or stands in a folder that
 * may not be written to, is written to directly.
 */
export function fileOutput(io: Io, path: string, options: FileOutputOptions = {}): Output {
  let opened: Promise<Opened> | undefined;
  const place = new Place();
  const file = () => {
    opened ??= openBeside(resolve(io.cwd, path), path, options);
    return opened;
  };
  return {
    memory: inTurns(),
    async write(piece) {
      const { handle, beside } = await file();
      try {
        for (let at = 0; at < piece.length; ) {
          // A regular file takes what it is given at once, and the bytes are still in the cache of this processor:
          // another thread needs twice as long for the copy. What may keep us waiting is left to one.
          const written =
            beside === undefined
              ? (await handle.write(piece, at)).bytesWritten
              : writePiece(handle.fd, piece, { at, position: place.position });
          place.advance(written);
          at += written;
        }
      } catch (cause) {
        throw new Failure(goFileText("write", path, cause));
      }
    },
    async regular() {
      const { handle, beside } = await file();
      if (beside === undefined) return undefined;
      return { descriptor: handle.fd, moveTo: (position) => place.moveTo(position) };
    },
    async finish() {
      const { handle, beside, target, replaces } = await file();
      try {
        if (replaces) await handle.sync();
        await handle.close();
        if (beside !== undefined) await takePlace(beside, target);
      } catch (cause) {
        throw new Failure(goFileText("write", path, cause));
      }
    },
    async abandon() {
      const made = await opened?.catch(() => undefined);
      await made?.handle.close().catch(() => undefined);
      if (made?.beside !== undefined) await unlink(made.beside).catch(() => undefined);
    },
  };
}

interface Opened {
  readonly handle: FileHandle;
  /** The file that waits beside the target; undefined when the target is written to directly. */
  readonly beside: string | undefined;
  readonly target: string;
  /** Whether a file is there that the new one takes the place of. */
  readonly replaces: boolean;
}

/** A file that is mounted by itself cannot be replaced: it is written over. */
async function takePlace(beside: string, target: string): Promise<void> {
  try {
    await rename(beside, target);
  } catch (cause) {
    if (errno(cause) !== "EBUSY") throw cause;
    await copyFile(beside, target);
    await unlink(beside);
  }
}

async function openBeside(
  wanted: string,
  path: string,
  { mode = 0o666, makeFolders = false }: FileOutputOptions,
): Promise<Opened> {
  try {
    if (makeFolders) await mkdir(dirname(wanted), { recursive: true });
    const before = await stat(wanted).catch(unlessMissing);
    if (before?.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    if (before !== undefined && !before.isFile()) {
      return { handle: await open(wanted, "w"), beside: undefined, target: wanted, replaces: false };
    }
    const end = await newTarget(wanted);
    const target = before === undefined ? end : await realpath(wanted);
    const beside = join(dirname(target), besideName(basename(target), randomBytes(6).toString("hex")));
    const handle = await open(beside, "wx", mode).catch((cause: unknown) => {
      if (before === undefined || !["EACCES", "EPERM"].includes(errno(cause) ?? "")) throw cause;
      return undefined;
    });
    if (handle === undefined) return { handle: await openInPlace(target), beside: undefined, target, replaces: false };
    if (before !== undefined) await handle.chmod(before.mode & 0o7777);
    return { handle, beside, target, replaces: before !== undefined };
  } catch (cause) {
    throw new Failure(goFileText("open", path, cause));
  }
}

/** A file whose folder takes no other: as with the original, what stands there is gone at once. */
async function openInPlace(target: string): Promise<FileHandle> {
  return await open(target, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
}

function unlessMissing(cause: unknown): undefined {
  if (errno(cause) !== "ENOENT") throw cause;
  return undefined;
}
