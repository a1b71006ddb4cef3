import type { Io } from "../../io.ts";
import { write } from "../../output.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";
import { logLine } from "./log-line.ts";

/** Tells of things that the original lets pass. With `--strict` the first of them ends the call. */
export interface Doubts {
  /** In the form of the original's log. */
  raise(message: string): Promise<void>;
}

export function doubts(io: Io, strict: boolean): Doubts {
  return {
    async raise(message) {
      if (strict) throw new SopsFailure(SOPS_EXIT.conflictingParameters, `error: ${message} (refused by --strict)`);
      await write(io.stderr, logLine(io, "warning", message));
    },
  };
}
