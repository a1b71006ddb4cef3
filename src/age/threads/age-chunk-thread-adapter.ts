import { readSync } from "node:fs";
import { serveThread } from "../../threads/serve-thread-adapter.ts";
import { CHUNK_BYTES, openChunks, SEALED_CHUNK_BYTES, sealChunks } from "../payload.ts";
import { writePiece } from "../write-piece-adapter.ts";

/** What a thread works on: two files that are open in this process, and the key of the payload. */
export interface ChunkThreadSetUp {
  readonly key: Uint8Array;
  readonly input: number;
  readonly output: number;
  /** Where the payload begins in the age file, which is the one of the two that is encrypted. */
  readonly offset: number;
  /** One number that all threads of the file share: whose turn it is to write. */
  readonly turn: Int32Array;
}

/** Whole chunks that stand one behind the other, none of them the last. */
export interface ChunkRange {
  /** Number of the first. */
  readonly first: number;
  readonly count: number;
}

export type ChunkJobs = typeof jobs;

/** So many fit into the cache of a processor, before and after. */
const AT_ONCE = 4;

/** Where the chunks of one file begin, and how long each is. */
interface Chunks {
  readonly file: number;
  readonly offset: number;
  readonly chunkBytes: number;
  /** Room for `AT_ONCE` of them. */
  readonly memory: Uint8Array;
}

/** Longer than this nobody waits for a turn: the thread that has it may have died. */
const MAX_WAIT_MS = 20;
const FREE = 0;
const TAKEN = 1;

const plainMemory = new Uint8Array(AT_ONCE * CHUNK_BYTES);
const sealedMemory = new Uint8Array(AT_ONCE * SEALED_CHUNK_BYTES);
let own: ChunkThreadSetUp | undefined;

/** Each answers how many chunks are done, from the first of its range on. */
const jobs = {
  seal(range: ChunkRange): number {
    const { key, input, output, offset } = ownSetUp();
    const from = { file: input, offset: 0, chunkBytes: CHUNK_BYTES, memory: plainMemory };
    const to = { file: output, offset, chunkBytes: SEALED_CHUNK_BYTES, memory: sealedMemory };
    return work(range, from, to, (first, plain, sealed) => sealChunks(key, first, plain, sealed));
  },
  open(range: ChunkRange): number {
    const { key, input, output, offset } = ownSetUp();
    const from = { file: input, offset, chunkBytes: SEALED_CHUNK_BYTES, memory: sealedMemory };
    const to = { file: output, offset: 0, chunkBytes: CHUNK_BYTES, memory: plainMemory };
    return work(range, from, to, (first, sealed, plain) => openChunks(key, first, sealed, plain));
  },
};

serveThread(jobs, {
  setUp(value: ChunkThreadSetUp) {
    own = value;
  },
  clearUp() {
    own?.key.fill(0);
    plainMemory.fill(0);
  },
});

function ownSetUp(): ChunkThreadSetUp {
  if (own === undefined) throw new TypeError('"setUp" expected a key and two files, got nothing');
  return own;
}

function work(
  { first, count }: ChunkRange,
  from: Chunks,
  to: Chunks,
  convert: (first: number, from: Uint8Array, to: Uint8Array) => number,
): number {
  for (let done = 0; done < count; ) {
    const wanted = Math.min(AT_ONCE, count - done);
    const there = readWhole(from, first + done, wanted);
    const good = convert(first + done, from.memory.subarray(0, there * from.chunkBytes), to.memory);
    const written = inTurn(() => writeWhole(to, first + done, good));
    done += written;
    if (written < wanted) return done;
  }
  return count;
}

/**
 * Writes to one file wait for each other in the kernel, and there they spin: it costs as much processor time again as the
 * writing. So they wait here, asleep. Nothing depends on it but the time.
 */
function inTurn<Result>(write: () => Result): Result {
  const { turn } = ownSetUp();
  while (Atomics.compareExchange(turn, 0, FREE, TAKEN) === TAKEN) {
    if (Atomics.wait(turn, 0, TAKEN, MAX_WAIT_MS) === "timed-out") break;
  }
  try {
    return write();
  } finally {
    Atomics.store(turn, 0, FREE);
    Atomics.notify(turn, 0, 1);
  }
}

/** Reads chunks into memory; returns how many are there whole. What fails is tried again by whoever can say why. */
function readWhole({ file, offset, chunkBytes, memory }: Chunks, first: number, count: number): number {
  const length = count * chunkBytes;
  let at = 0;
  try {
    for (let read = -1; at < length && read !== 0; at += read) {
      read = readSync(file, memory, at, length - at, offset + first * chunkBytes + at);
    }
  } catch (error) {
    if (!isOfTheSystem(error)) throw error;
  }
  return Math.floor(at / chunkBytes);
}

function writeWhole({ file, offset, chunkBytes, memory }: Chunks, first: number, count: number): number {
  const length = count * chunkBytes;
  let at = 0;
  try {
    while (at < length) {
      at += writePiece(file, memory, { at, end: length, position: offset + first * chunkBytes + at });
    }
  } catch (error) {
    if (!isOfTheSystem(error)) throw error;
  }
  return Math.floor(at / chunkBytes);
}

/** A failed call of the system, not a mistake of ours. */
function isOfTheSystem(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
