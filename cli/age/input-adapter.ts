import { read, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import type { PlacedFile } from "../../src/age/threads/chunk-threads-adapter.ts";
import { errno } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { Failure, goFileText } from "./failure.ts";
import { Place } from "./place.ts";

/**
 * Four chunks: enough that disk and cipher work at the same time. With a megabyte the system takes twice as long to copy
 * what is written, because it is in no processor cache any more.
 */
const PIECE_BYTES = 256 * 1024;
const PIECES_A_TURN = 16;

/** What a command reads: a file, or standard input. */
export interface Input {
  /** Name for messages: the path as it was given. */
  readonly name: string;
  readonly isStdin: boolean;
  readonly pieces: AsyncIterable<Uint8Array>;
  /** A regular file may be read at any place; `pieces` go on where it was moved to. */
  readonly regular?: PlacedFile & { readonly size: number };
  /** Closes the file when `pieces` was not read to its end. */
  close(): Promise<void>;
}

/** Opens the input of a command. Failures are worded by `describe`. */
export async function openInput(
  io: Io,
  path: string | undefined,
  describe: (reason: string) => string,
): Promise<Input> {
  if (path === undefined || path === "-") {
    return { name: "-", isStdin: true, pieces: stdinPieces(io), close: async () => undefined };
  }
  try {
    const handle = await open(resolve(io.cwd, path), "r");
    const close = () => handle.close();
    const seen = await handle.stat();
    if (!seen.isFile()) return { name: path, isStdin: false, pieces: wording(readAhead(handle), path), close };
    const place = new Place();
    const regular = { descriptor: handle.fd, size: seen.size, moveTo: (position: number) => place.moveTo(position) };
    return { name: path, isStdin: false, pieces: wording(readAtOnce(handle, place), path), regular, close };
  } catch (cause) {
    throw new Failure(describe(goFileText("open", path, cause)));
  }
}

/** All of an input; undefined when it is longer than `limit` bytes. */
export async function readAll({ pieces, close }: Input, limit: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of pieces) {
      length += piece.length;
      if (length > limit) return undefined;
      parts.push(piece.slice());
    }
  } finally {
    await close();
  }
  return Buffer.concat(parts);
}

/**
 * The same pieces, until the person interrupts: then an `AbortError`, also while a piece is waited for, so that an output
 * that is not whole can be taken away.
 */
export async function* untilInterrupted(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { promise: interrupted, reject } = withReject();
  const stop = () => reject(new DOMException("Interrupted", "AbortError"));
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const iterator = pieces[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([iterator.next(), interrupted]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** All that comes from an open file descriptor; undefined when it is longer than `limit` bytes. @throws {Failure} */
export async function readDescriptor(descriptor: number, limit: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  const piece = new Uint8Array(64 * 1024);
  for (let length = 0; length <= limit; ) {
    const bytes = await promisify(read)(descriptor, piece, 0, piece.length, null).catch((cause) => {
      throw new Failure(goFileText("read", `AGE_PASSPHRASE_FD`, cause));
    });
    if (bytes.bytesRead === 0) return Buffer.concat(parts);
    parts.push(piece.slice(0, bytes.bytesRead));
    length += bytes.bytesRead;
  }
  return undefined;
}

function withReject(): { readonly promise: Promise<never>; readonly reject: (reason: Error) => void } {
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  promise.catch(() => undefined);
  return { promise, reject };
}

async function* stdinPieces(io: Io): AsyncGenerator<Uint8Array> {
  for await (const piece of io.stdin) yield typeof piece === "string" ? Buffer.from(piece) : piece;
}

/**
 * A piece is good until the next one is asked for. A regular file is read at once: it is there, and handing each piece to
 * another thread takes longer than copying it. What may keep us waiting (a pipe, a device) is read one piece ahead.
 */
async function* wording(pieces: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (cause) {
    throw errno(cause) === undefined ? cause : new Failure(goFileText("read", path, cause));
  }
}

async function* readAtOnce({ fd }: FileHandle, place: Place): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(PIECE_BYTES);
  for (let pieces = 1; ; pieces++) {
    const bytesRead = readSync(fd, piece, 0, piece.length, place.position);
    if (bytesRead === 0) return;
    place.advance(bytesRead);
    yield piece.subarray(0, bytesRead);
    // Signals need a turn now and then.
    if (pieces % PIECES_A_TURN === 0) await turn();
  }
}

async function* readAhead(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const read = (buffer: Uint8Array) => {
    const reading = handle.read(buffer, 0, buffer.length, null);
    // Whoever leaves early closes the file while this is under way.
    reading.catch(() => undefined);
    return reading;
  };
  let [current, other] = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  let reading = read(current);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      const piece = current.subarray(0, bytesRead);
      [current, other] = [other, current];
      reading = read(current);
      yield piece;
    }
  } finally {
    await reading.catch(() => undefined);
  }
}
