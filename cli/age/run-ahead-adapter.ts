import { availableParallelism } from "node:os";
import type { RunAhead } from "../../src/age/index.ts";
import { chunkThreads } from "../../src/age/threads/chunk-threads-adapter.ts";
import type { Input } from "./input-adapter.ts";
import type { Output } from "./output-adapter.ts";

/** A smaller file is done before threads have started. */
const SMALLEST_BYTES = 32 * 1024 * 1024;
/** Writing to one file goes one after the other in the system, so that more threads would wait for each other. */
const MOST_THREADS = 4;

/** Works on a large file in threads where input and output are regular files; otherwise undefined. */
export function runAhead(
  kind: "seal" | "open",
  { regular: from }: Input,
  output: Output,
  signal: AbortSignal,
): RunAhead | undefined {
  const threads = Math.min(availableParallelism(), MOST_THREADS);
  if (from === undefined || from.size < SMALLEST_BYTES || threads < 2) return undefined;
  return async (run) => {
    const to = await output.regular?.();
    if (to === undefined) return 0;
    return await chunkThreads(kind, { input: from, size: from.size, output: to, threads, signal })(run);
  };
}
