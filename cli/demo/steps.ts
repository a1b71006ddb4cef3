import type { Io } from "../io.ts";
import { paint, write } from "../output.ts";

/** A check of the demo that did not hold: says what was expected and what was seen, never a value. */
export class CheckFailed extends Error {}

/** Fails the running step unless the condition holds. */
export function check(holds: boolean, expectation: string): asserts holds {
  if (!holds) throw new CheckFailed(expectation);
}

/** Runs steps one after the other and prints a line for each: what happened, and how long it took. */
export interface Steps {
  /** `work` returns a detail for the end of the line. What it throws ends the demo. */
  run<Result>(title: string, work: () => Promise<{ detail?: string; result: Result }>): Promise<Result>;
  /** An indented remark below the last line, e.g. a command that was run. */
  remark(text: string): Promise<void>;
}

export function makeSteps(io: Io): Steps {
  let count = 0;
  return {
    async run(title, work) {
      count++;
      const startedMs = io.now();
      const label = `${String(count).padStart(2)}. ${title}`;
      const line = (mark: string, detail: string) => {
        const took = `${((io.now() - startedMs) / 1000).toFixed(1)} s`;
        return `${mark} ${label} ${paint(io, io.stdout, "dim", `(${took})`)}${detail === "" ? "" : `: ${detail}`}\n`;
      };
      try {
        const { detail = "", result } = await work();
        await write(io.stdout, line(paint(io, io.stdout, "green", "ok  "), detail));
        return result;
      } catch (error) {
        await write(io.stdout, line(paint(io, io.stdout, "red", "FAIL"), ""));
        throw error;
      }
    },
    async remark(text) {
      for (const line of text.split("\n")) {
        await write(io.stdout, `       ${paint(io, io.stdout, "dim", line)}\n`);
      }
    },
  };
}
