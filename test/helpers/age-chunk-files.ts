import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgeError, type ByteSource, decrypt, type Identity, type RunAhead } from "../../src/age/index.ts";
import type { RunAheadResult } from "../../src/age/payload.ts";
import {
  type ChunkThreadsOptions,
  chunkThreads,
  type PlacedFile,
} from "../../src/age/threads/chunk-threads-adapter.ts";
import { builtProgram } from "./built-program.ts";

/** What became of a file that went through threads. */
export interface ThroughThreads {
  /** What stands in the output, be it whole or not. */
  readonly bytes: Buffer;
  readonly code: string | undefined;
  /** Chunks that were done in threads; undefined when that was not even tried. */
  readonly done: RunAheadResult | undefined;
}

export type ThreadOptions = Partial<
  Pick<ChunkThreadsOptions, "program" | "rangeChunks" | "signal" | "size" | "threads">
>;

type Work = (source: ByteSource, ahead: RunAhead) => AsyncIterable<Uint8Array>;

/** Works on a file as the command line does: in threads what they can, and the rest as a stream. */
export async function throughThreads(
  kind: "seal" | "open",
  input: Uint8Array,
  options: ThreadOptions,
  work: Work,
): Promise<ThroughThreads> {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-chunks-"));
  const [from, to] = [join(folder, "in"), join(folder, "out")];
  writeFileSync(from, input);
  const [descriptor, output] = [openSync(from, "r"), openSync(to, "wx")];
  const [reading, writing] = [new Position(descriptor), new Position(output)];
  let done: RunAheadResult | undefined;
  let code: string | undefined;
  try {
    const program = options.program ?? (await builtProgram("src/age/threads/age-chunk-thread-adapter.ts"));
    const common = { size: input.length, threads: 2, rangeChunks: 2, ...options, program };
    const ahead = chunkThreads(kind, { ...common, input: reading, output: writing });
    const counted: RunAhead = async (run) => {
      done = await ahead(run);
      return done;
    };
    try {
      for await (const piece of work(piecesOf(reading), counted)) {
        writing.at += writeSync(output, piece, 0, piece.length, writing.at);
      }
    } catch (error) {
      if (!(error instanceof AgeError)) throw error;
      code = `${error.code}: ${error.original}`;
    }
    return { bytes: await readFile(to), code, done };
  } finally {
    for (const file of [descriptor, output]) closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

export function decryptThroughThreads(
  file: Uint8Array,
  identities: readonly Identity[],
  options: ThreadOptions = {},
): Promise<ThroughThreads> {
  return throughThreads("open", file, options, (source, ahead) => decrypt(source, identities, { ahead }));
}

class Position implements PlacedFile {
  readonly descriptor: number;
  at = 0;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  moveTo(position: number): void {
    this.at = position;
  }
}

/** Pieces that no chunk fits. */
async function* piecesOf(file: Position): AsyncGenerator<Uint8Array> {
  for (;;) {
    const piece = new Uint8Array(100_000);
    const read = readSync(file.descriptor, piece, 0, piece.length, file.at);
    if (read === 0) return;
    file.at += read;
    yield piece.subarray(0, read);
  }
}
