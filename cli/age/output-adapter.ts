import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { Failure, goFileText } from "./failure.ts";

/** Where a command writes. Nothing exists before the first byte or `finish`. */
export interface Output {
  write(piece: Uint8Array): Promise<void>;
  /** Makes the result visible. */
  finish(): Promise<void>;
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

/**
 * A file that appears when it is whole: written beside its place, flushed, renamed. A file that is there already keeps
 * its mode; a link keeps pointing at its target; what is no regular file (a pipe, `/dev/null`) is written to directly.
 */
export function fileOutput(io: Io, path: string, options: FileOutputOptions = {}): Output {
  let opened: Promise<Opened> | undefined;
  const file = () => {
    opened ??= openBeside(resolve(io.cwd, path), path, options);
    return opened;
  };
  return {
    async write(piece) {
      const { handle } = await file();
      try {
        for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten;
      } catch (cause) {
        throw new Failure(goFileText("write", path, cause));
      }
    },
    async finish() {
      const { handle, beside, target } = await file();
      try {
        if (beside !== undefined) await handle.sync();
        await handle.close();
        if (beside !== undefined) await rename(beside, target);
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
}

async function openBeside(
  wanted: string,
  path: string,
  { mode = 0o666, makeFolders = false }: FileOutputOptions,
): Promise<Opened> {
  try {
    if (makeFolders) await mkdir(dirname(wanted), { recursive: true });
    const before = await stat(wanted).catch(() => undefined);
    if (before?.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    if (before !== undefined && !before.isFile()) {
      return { handle: await open(wanted, "w"), beside: undefined, target: wanted };
    }
    const target = before === undefined ? wanted : await realpath(wanted);
    const beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}`);
    const handle = await open(beside, "wx", mode);
    if (before !== undefined) await handle.chmod(before.mode & 0o7777);
    return { handle, beside, target };
  } catch (cause) {
    throw new Failure(goFileText("open", path, cause));
  }
}
