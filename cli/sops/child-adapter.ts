import { spawn } from "node:child_process";
import process from "node:process";
import { errno } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";

/** How a command ended. */
export interface Ending {
  readonly code: number;
  /** What the original prints about it; undefined for success. */
  readonly message: string | undefined;
}

/** The names that Go gives to signals. */
const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGABRT: "aborted",
  SIGALRM: "alarm clock",
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

const KILLED = 255;

/**
 * Runs a command line with `/bin/sh`, as the person who typed it asked for, with these variables and our own streams.
 * An interrupt of ours ends the command too, and it may clean up first.
 *
 * @throws {SopsFailure} when it cannot be started. No value of a variable is in the error.
 */
export async function runShell(io: Io, line: string, env: Readonly<Record<string, string>>): Promise<Ending> {
  const isOwn = io.stdout === process.stdout;
  const child = spawn("/bin/sh", ["-c", line], { cwd: io.cwd, env, stdio: isOwn ? "inherit" : "pipe" });
  const stop = () => child.kill("SIGTERM");
  io.signal.addEventListener("abort", stop, { once: true });
  // The command may end without reading its input.
  child.stdin?.on("error", () => undefined);
  if (child.stdin !== null) io.stdin.pipe(child.stdin);
  child.stdout?.pipe(io.stdout, { end: false });
  child.stderr?.pipe(io.stderr, { end: false });
  try {
    return await new Promise((done, failed) => {
      child.on("error", (cause) => {
        failed(
          new SopsFailure(SOPS_EXIT.generic, `error: Cannot run the command: ${errno(cause) ?? "it does not start"}`),
        );
      });
      child.on("close", (code, signal) => {
        if (code === null) done({ code: KILLED, message: `signal: ${SIGNAL_NAMES[signal ?? ""] ?? signal}` });
        else done({ code, message: code === 0 ? undefined : `exit status ${code}` });
      });
    });
  } finally {
    io.signal.removeEventListener("abort", stop);
  }
}
