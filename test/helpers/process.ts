import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";

/** A program that a test started and has to end. */
export interface Running {
  readonly pid: number;
  /** Resolves once, with the exit code or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly log: string;
  alive(): boolean;
  /** The last lines it wrote, for messages. */
  tail(lines?: number): string;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL after `graceMs`. Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

const children = new Set<ChildProcess>();
const folders = new Set<string>();

process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Removes `folder` when this process ends, however its tests end. Returns what forgets it again. */
export function removeAtExit(folder: string): () => void {
  folders.add(folder);
  return () => folders.delete(folder);
}

/** Linux kills the child with its parent even when the parent dies of SIGKILL; elsewhere the exit hook has to do. */
const withParent =
  process.platform === "linux" && existsSync("/usr/bin/setpriv")
    ? ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"]
    : [];

/** Starts a program whose output goes to the file `log`. */
export function startProcess(
  command: readonly string[],
  options: { log: string; env?: Record<string, string | undefined>; cwd?: string },
): Running {
  const [program, ...args] = [...withParent, ...command];
  if (program === undefined) throw new TypeError("startProcess: expected a program, got nothing");
  const out = openSync(options.log, "a");
  const child = spawn(program, args, {
    stdio: ["ignore", out, out],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(out);
  children.add(child);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("error", (error) => {
      children.delete(child);
      console.error(`${program}: ${error.message}`);
      resolve(-1);
    });
    child.once("exit", (code, signal) => {
      children.delete(child);
      resolve(signal ?? code ?? -1);
    });
  });
  const alive = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  return {
    pid: child.pid ?? -1,
    ended,
    log: options.log,
    alive,
    tail: (lines = 20) => readFileSync(options.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n"),
    kill: (signal) => void child.kill(signal),
    async stop(graceMs = 5_000) {
      if (!alive()) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** What a finished program answered. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end (two minutes at most), without a shell. Does not throw when it fails. It does not block:
 * servers and controllers of the test process go on meanwhile.
 */
export async function runProcess(
  command: readonly string[],
  options: {
    input?: string | Uint8Array;
    env?: Record<string, string | undefined>;
    cwd?: string;
    timeoutMs?: number;
  } = {},
): Promise<Finished> {
  const [program, ...args] = command;
  if (program === undefined) throw new TypeError("runProcess: expected a program, got nothing");
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: options.env ?? process.env,
    timeout: options.timeoutMs ?? 120_000,
    killSignal: "SIGKILL",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  children.add(child);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A program that does not read its input closes the pipe early: not a failure of the test.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? -1));
  }).finally(() => children.delete(child));
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/**
 * Asks `ready` again and again until it says yes: at once at first, then with pauses that grow to `everyMs`. Throws with
 * `what` (and `why()`) when `timeoutMs` are over.
 */
export async function until(
  what: string,
  ready: () => boolean | Promise<boolean>,
  options: { timeoutMs?: number; everyMs?: number; why?: () => string } = {},
): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  const longest = options.everyMs ?? 100;
  for (let pause = 5; !(await ready()); pause = Math.min(pause * 1.5, longest)) {
    if (Date.now() > deadline) throw new Error(`Gave up waiting until ${what}\n${options.why?.() ?? ""}`.trimEnd());
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
