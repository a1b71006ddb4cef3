import { ToolkitError } from "../../../src/errors.ts";
import type { Io } from "../../io.ts";
import { printable, write } from "../../output.ts";
import { errorText } from "../../run.ts";
import { SopsFailure } from "./failure.ts";

/** Runs a subcommand of ours, whose every failure has one exit code: the tools that call it know no other. */
export async function withOneExit(io: Io, exit: number, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SopsFailure) await write(io.stderr, `${printable(error.message)}\n`);
    else if (error instanceof ToolkitError) await write(io.stderr, errorText(error, io));
    else throw error;
    return exit;
  }
}

/** As diff ends. */
export const DIFF_EXIT = { same: 0, different: 1, trouble: 2 } as const;

/** As git understands a merge driver: from 1 to 128 the file is in conflict. */
export const MERGE_EXIT = { merged: 0, conflict: 1, refused: 128 } as const;
