import { type ChildProcess, spawn } from "node:child_process";
import type { KmsPorts } from "../../../src/kms/index.ts";
import { spawned } from "../../../src/spawned.ts";
import { errno } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { absolutePathOnly } from "../../program-path.ts";
import { splitCommand } from "./split-command.ts";

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
const MAX_COMPLAINT_CHARACTERS = 1000;

type Run = NonNullable<KmsPorts["run"]>;
type Outcome = Awaited<ReturnType<Run>>;

/**
 * Starts a program that prints credentials. It may ask for them on the terminal, unless it is `isUnattended`. No shell;
 * what it prints is never shown.
 */
export async function runForCredentials(
  io: Io,
  line: string,
  { timeoutMs = TIMEOUT_MS, env = {}, isUnattended = false }: Parameters<Run>[1] = {},
): Promise<Outcome> {
  const [program, ...args] = splitCommand(line);
  if (program === undefined) return { kind: "failed", problem: "the command is empty" };
  if (io.signal.aborted) return { kind: "failed", problem: `${program} was interrupted` };
  return await new Promise<Outcome>((done) => {
    const child = spawned(() =>
      spawn(program, args, {
        cwd: io.cwd,
        env: { ...absolutePathOnly(io.env), ...env },
        stdio: isUnattended ? ["ignore", "pipe", "pipe"] : ["inherit", "pipe", "inherit"],
        // A group of its own ends with what it started; one that asks on the terminal has to stay in ours.
        detached: isUnattended,
      }),
    );
    if (child instanceof Error) {
      return done({ kind: "failed", problem: `${program} cannot be started: ${child.code}` });
    }
    const parts: Buffer[] = [];
    let bytes = 0;
    let complaint = "";
    const finish = (outcome: Outcome) => {
      clearTimeout(timer);
      io.signal.removeEventListener("abort", interrupt);
      done(outcome);
    };
    const giveUp = (problem: string) => {
      end(child, isUnattended);
      finish({ kind: "failed", problem });
    };
    const interrupt = () => giveUp(`${program} was interrupted`);
    const timer = setTimeout(() => giveUp(`${program} did not end within ${timeoutMs / 1000} s`), timeoutMs);
    io.signal.addEventListener("abort", interrupt, { once: true });
    child.stdout?.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_OUTPUT_BYTES) giveUp(`${program} printed more than ${MAX_OUTPUT_BYTES} bytes`);
      else parts.push(part);
    });
    child.stderr?.on("data", (part: Buffer) => {
      complaint = `${complaint}${part.toString("utf8")}`.slice(0, MAX_COMPLAINT_CHARACTERS);
    });
    child.on("error", (error) => {
      finish({ kind: "failed", problem: `${program} cannot be started: ${errno(error) ?? "unknown"}` });
    });
    child.on("close", (code, signal) => {
      if (code === 0) finish({ kind: "ended", stdout: Buffer.concat(parts) });
      else finish({ kind: "failed", problem: `${program} ended with ${signal ?? `exit status ${code}`}`, complaint });
    });
  });
}

/** Ends a program whose answer nobody waits for any more; what it started must not keep us waiting either. */
function end(child: ChildProcess, hasOwnGroup: boolean): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  if (child.pid === undefined) return;
  try {
    if (hasOwnGroup) process.kill(-child.pid, "SIGKILL");
    // One that has the terminal puts it in order before it ends.
    else child.kill("SIGTERM");
  } catch {
    // It ended by itself.
  }
}
