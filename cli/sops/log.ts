import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";

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

/** One line of the original's log without a terminal. `part` is the part of the original that speaks. */
export function logLine(io: Io, level: "info" | "warning" | "error" | "fatal", message: string, part = "CMD"): string {
  const time = `${new Date(io.now()).toISOString().slice(0, 19)}Z`;
  return `[${part}]\t time="${time}" level=${level} msg=${JSON.stringify(message)}\n`;
}
