import { commitOrAbandon, type Recovered, type Replacement, type Unfinished } from "../../src/files/index.ts";
import type { Io } from "../io.ts";
import { note } from "../output.ts";

export interface EndEarlierOptions {
  readonly isDryRun: boolean;
  /** Whether it is to be undone; that is all that was asked for then. */
  readonly undo: boolean;
}

interface EarlierRuns {
  unfinished(): Promise<Unfinished | undefined>;
  endUnfinished(wanted: "finish" | "undo"): Promise<Recovered | undefined>;
}

/** Finishes or undoes what an earlier run left, and says so. Returns whether that is all that was asked for. */
export async function endEarlierRun(
  io: Io,
  files: EarlierRuns,
  { isDryRun, undo }: EndEarlierOptions,
): Promise<boolean> {
  const left = await files.unfinished();
  if (left !== undefined && isDryRun) {
    await note(
      io,
      `An earlier run (${left.label}, ${left.files} files) did not end; without --dry-run it is ended first.`,
    );
    return false;
  }
  if (left === undefined) {
    if (undo) await note(io, "There is no unfinished run to undo.");
    return undo;
  }
  const ended = await files.endUnfinished(undo ? "undo" : "finish");
  if (ended !== undefined) {
    const what =
      ended.outcome === "finished"
        ? `finished: ${ended.files} files are as after it`
        : "undone: all files are as before it";
    await note(io, `An earlier run (${ended.label}) did not end. It was ${what}.`);
    for (const { path, former } of ended.leftAlone) {
      const where = former === undefined ? "" : `; what it was before is in ${former}`;
      await note(io, `${path} was changed since and stays as it is${where}`);
    }
  }
  return undo;
}

/**
 * Makes new contents and puts them in their places together, or takes them back. Whoever interrupts waits until one of the
 * two has been done.
 */
export async function replaceTogether<Result>(
  io: Io,
  replacement: Replacement | undefined,
  make: () => Promise<{ readonly result: Result; readonly isRefused: boolean }>,
): Promise<Result> {
  // Whoever listens is given the time to take back what stands beside the files, or to finish.
  const listen = (): void => undefined;
  io.signal.addEventListener("abort", listen);
  try {
    return await commitOrAbandon(replacement, make);
  } finally {
    io.signal.removeEventListener("abort", listen);
  }
}
