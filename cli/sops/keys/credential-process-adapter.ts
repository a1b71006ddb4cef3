import { spawn } from "node:child_process";
import type { KmsPorts } from "../../../src/kms/index.ts";
import { errno } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { splitCommand } from "./split-command.ts";

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

type Outcome = Awaited<ReturnType<NonNullable<KmsPorts["run"]>>>;

/** Starts a program that prints credentials and may ask for them on the terminal. No shell; its output is never shown. */
export async function runForCredentials(io: Io, line: string): Promise<Outcome> {
  const [program, ...args] = splitCommand(line);
  if (program === undefined) return { kind: "failed", problem: "the command is empty" };
  return await new Promise<Outcome>((done) => {
    const child = spawn(program, args, {
      cwd: io.cwd,
      env: io.env,
      stdio: ["inherit", "pipe", "inherit"],
      timeout: TIMEOUT_MS,
      signal: io.signal,
    });
    const parts: Buffer[] = [];
    let bytes = 0;
    child.stdout.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_OUTPUT_BYTES) child.kill();
      else parts.push(part);
    });
    child.on("error", (error) => {
      done({ kind: "failed", problem: `${program} cannot be started: ${errno(error) ?? "unknown"}` });
    });
    child.on("close", (code, signal) => {
      if (code === 0 && bytes <= MAX_OUTPUT_BYTES) done({ kind: "ended", stdout: Buffer.concat(parts) });
      else done({ kind: "failed", problem: `${program} ended with ${signal ?? `exit status ${code}`}` });
    });
  });
}
