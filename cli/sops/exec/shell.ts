import type { Io } from "../../io.ts";
import {
  type BackgroundOptions,
  type ProgramOptions,
  runProgram,
  startInBackground,
} from "../../run-program-adapter.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { endMessage } from "./program-end.ts";

/** How a command ended. */
export interface Ending {
  readonly code: number;
  /** What the original prints about it; undefined for success. */
  readonly message: string | undefined;
}

const SHELL = "/bin/sh";
const KILLED = 255;

/**
 * Runs a command line with `/bin/sh`, as the person who typed it asked for, with these variables and our own streams.
 * An interrupt of ours ends the command too, and it may clean up first.
 *
 * @throws {SopsFailure} when it cannot be started. No value of a variable is in the error.
 */
export async function runShell(io: Io, line: string, options: ProgramOptions): Promise<Ending> {
  const end = await runProgram(io, [SHELL, "-c", line], options);
  const message = endMessage(end, SHELL);
  if (end.kind === "exited") return { code: end.status, message };
  if (end.kind === "killed") return { code: KILLED, message };
  throw notStarted(message ?? "");
}

/** Starts a command line and leaves it alone, without our streams. @throws {SopsFailure} as `runShell`. */
export async function startShell(io: Io, line: string, options: BackgroundOptions): Promise<void> {
  const code = await startInBackground(io, [SHELL, "-c", line], options);
  if (code !== undefined) throw notStarted(endMessage({ kind: "not started", code }, SHELL) ?? "");
}

function notStarted(state: string): SopsFailure {
  return new SopsFailure(SOPS_EXIT.generic, `error: Cannot run the command: ${state}`);
}
