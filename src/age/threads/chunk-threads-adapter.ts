import { fstatSync, ftruncateSync } from "node:fs";
import { Moved, threadProgram } from "../../threads/index.ts";
import { startThreads } from "../../threads/start-threads-adapter.ts";
import { CHUNK_BYTES, type ChunkRun, NONCE_BYTES, type RunAhead, SEALED_CHUNK_BYTES } from "../payload.ts";
import type { ChunkJobs, ChunkThreadSetUp } from "./age-chunk-thread-adapter.ts";

/** A regular file that is open, and the place in it that whoever reads or writes it goes on from. */
export interface PlacedFile {
  readonly descriptor: number;
  /** Goes on there. */
  moveTo(position: number): void;
}

export interface ChunkThreadsOptions {
  readonly input: PlacedFile;
  /** Bytes that the input has now. */
  readonly size: number;
  readonly output: PlacedFile;
  readonly threads: number;
  /** No more chunks are begun when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** File that the threads run; default: the one that comes with this build. */
  readonly program?: URL | undefined;
  /** Chunks that a thread is given at once; default 64, which are 4 MiB. */
  readonly rangeChunks?: number | undefined;
}

/** A thread holds some chunks and one program; what V8 takes without being asked is tens of megabytes. */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 8 };

/**
 * Encrypts or decrypts the chunks of a file into another in threads, each of which reads, works and writes at the places
 * that the numbers of its chunks give. All is left to the caller that needs an order or a decision: the last chunk, and
 * from the first chunk on that could not be opened (damage, a file that shrank, a full disk, a thread that died) the rest.
 * When one could not be sealed all is done anew, under another nonce.
 *
 * @param kind `seal`: `input` is the clear text; `open`: it is the age file.
 */
export function chunkThreads(kind: "seal" | "open", options: ChunkThreadsOptions): RunAhead {
  const { input, output, size } = options;
  return async (run) => {
    const plainAt = (chunk: number) => chunk * CHUNK_BYTES;
    const sealedAt = (chunk: number) => run.offset + chunk * SEALED_CHUNK_BYTES;
    const [inputAt, outputAt] = kind === "seal" ? [plainAt, sealedAt] : [sealedAt, plainAt];
    const beforeLast = (bytes: number) => Math.max(0, Math.ceil((bytes - inputAt(0)) / (inputAt(1) - inputAt(0))) - 1);
    const total = beforeLast(size);
    if (total === 0) return 0;
    const ran = await runRanges(kind, run, total, options);
    // Of a file that shrank, another chunk is the last.
    const done = Math.min(ran, beforeLast(fstatSync(input.descriptor).size));
    if (kind === "seal" && done < total) {
      const nonceAt = run.offset - NONCE_BYTES;
      ftruncateSync(output.descriptor, nonceAt);
      input.moveTo(0);
      output.moveTo(nonceAt);
      return "anew";
    }
    // What stands behind them may be longer than what is going to be written there.
    if (done < total) ftruncateSync(output.descriptor, outputAt(done));
    if (done === 0) return 0;
    input.moveTo(inputAt(done));
    output.moveTo(outputAt(done));
    return done;
  };
}

/** Has ranges of chunks done until all are or one is not. Resolves with how many are done from the first on. */
async function runRanges(
  kind: "seal" | "open",
  { key, offset }: ChunkRun,
  total: number,
  { input, output, threads, signal, program, rangeChunks = 64 }: ChunkThreadsOptions,
): Promise<number> {
  const turn = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const pool = startThreads<ChunkJobs>({
    program: program ?? threadProgram(import.meta.url, "age-chunk-thread"),
    threads,
    name: "age chunks",
    limits: LIMITS,
    setUp() {
      const copy = new Uint8Array(key);
      const value: ChunkThreadSetUp = {
        key: copy,
        input: input.descriptor,
        output: output.descriptor,
        offset,
        turn,
      };
      return new Moved(value, [copy.buffer]);
    },
  });
  let next = 0;
  let firstUndone = total;
  let isStopped = signal?.aborted === true;
  // A signal that nobody listens to ends the program before it could clear up.
  const stop = () => {
    isStopped = true;
  };
  signal?.addEventListener("abort", stop, { once: true });
  const lane = async () => {
    while (next < firstUndone && !isStopped) {
      const first = next;
      const count = Math.min(rangeChunks, total - first);
      next += count;
      // Whatever ended the thread: its chunks are done by the caller.
      const done = await pool.run(kind, { first, count }).catch(() => 0);
      if (done < count) firstUndone = Math.min(firstUndone, first + done);
    }
  };
  try {
    // Each thread has one range in front of it.
    await Promise.all(Array.from({ length: 2 * threads }, lane));
  } finally {
    await pool.close();
    signal?.removeEventListener("abort", stop);
  }
  return Math.min(next, firstUndone);
}
