import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { type ProgramEnd, runProgram } from "../run-program-adapter.ts";

/** How long an editor may take to end when we are interrupted. */
const GRACE_MS = 3_000;

/**
 * Starts an editor on a file, with the terminal of this program, and waits until it ends.
 *
 * @throws {CliError} `CLI_EDITOR_FAILED` when it cannot be started or ends with another status than 0; the signal's
 *   reason when the command is interrupted, the editor ended.
 */
export async function runEditor(command: readonly [string, ...string[]], path: string, io: Io): Promise<void> {
  io.signal.throwIfAborted();
  const end = await runProgram(io, [...command, path], { env: io.env, input: "terminal", graceMs: GRACE_MS });
  io.signal.throwIfAborted();
  const [program] = command;
  const state = stateOf(end);
  if (state === undefined) return;
  throw new CliError("CLI_EDITOR_FAILED", `Cannot edit with ${JSON.stringify(program)}: ${state}`, {
    details: ["nothing was changed"],
    hints: [
      "choose another one: EDITOR=nano sealkit edit FILE",
      "an editor with a window has to wait: EDITOR='code --wait'",
    ],
  });
}

function stateOf(end: ProgramEnd): string | undefined {
  switch (end.kind) {
    case "exited":
      return end.status === 0 ? undefined : `it ended with status ${end.status}`;
    case "killed":
      return `it ended with signal ${end.signal}`;
    case "not started":
      return end.code === "ENOENT" ? "there is no such program" : `it cannot be started (${end.code})`;
  }
}
