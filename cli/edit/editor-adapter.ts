import { spawn } from "node:child_process";
import { CliError } from "../errors.ts";
import { errno } from "../files-adapter.ts";
import type { Io } from "../io.ts";

/**
 * Starts an editor on a file, with the terminal of this program, and waits until it ends.
 *
 * @throws {CliError} `CLI_EDITOR_FAILED` when it cannot be started or ends with another status than 0; the signal's
 *   reason when the command is interrupted, the editor ended.
 */
export async function runEditor(
  [program, ...args]: readonly [string, ...string[]],
  path: string,
  io: Io,
): Promise<void> {
  io.signal.throwIfAborted();
  const child = spawn(program, [...args, path], { stdio: "inherit", cwd: io.cwd, env: { ...io.env } });
  const stop = () => child.kill("SIGTERM");
  io.signal.addEventListener("abort", stop, { once: true });
  try {
    const ending = await new Promise<string>((done, failed) => {
      child.on("error", (cause) => {
        failed(
          failure(
            program,
            errno(cause) === "ENOENT" ? "there is no such program" : `it cannot be started (${errno(cause)})`,
          ),
        );
      });
      child.on("close", (code, signal) =>
        done(code === 0 ? "" : code === null ? `ended by ${signal}` : `status ${code}`),
      );
    });
    io.signal.throwIfAborted();
    if (ending !== "") throw failure(program, `it ended with ${ending.replace(/^ended by/, "signal")}`);
  } finally {
    io.signal.removeEventListener("abort", stop);
  }
}

function failure(program: string, state: string): CliError {
  return new CliError("CLI_EDITOR_FAILED", `Cannot edit with ${JSON.stringify(program)}: ${state}`, {
    details: ["nothing was changed"],
    hints: [
      "choose another one: EDITOR=nano sealkit edit FILE",
      "an editor with a window has to wait: EDITOR='code --wait'",
    ],
  });
}
