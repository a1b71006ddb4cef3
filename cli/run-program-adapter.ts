import { type StdioOptions, spawn } from "node:child_process";
import process from "node:process";
import type { Writable } from "node:stream";
import { spawned } from "../src/spawned.ts";
import { errno } from "./files-adapter.ts";
import type { Io } from "./io.ts";

/** How a program ended: with a status, by a signal, or before it began (`code` of the system's error, e.g. `ENOENT`). */
export type ProgramEnd =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "not started"; readonly code: string };

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `terminal`: our standard input itself, never what was read of it, for programs that talk to a person. Absent: `ours`. */
  readonly input?: "ours" | "terminal" | undefined;
  /** Who it runs as. Absent: who we are. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Milliseconds from SIGTERM to SIGKILL when we are interrupted. Absent: it may take the time it needs. */
  readonly graceMs?: number | undefined;
}

/**
 * Runs a program with our streams, without a shell, and waits until it ends. An interrupt of ours ends the program too,
 * and it may clean up first.
 */
export async function runProgram(
  io: Io,
  [program, ...args]: readonly [string, ...string[]],
  { env, input = "ours", user, graceMs }: ProgramOptions,
): Promise<ProgramEnd> {
  const isOwn = io.stdout === process.stdout;
  const stdin = isOwn ? "inherit" : input === "terminal" ? "ignore" : "pipe";
  const streams = isOwn ? ("inherit" as const) : ("pipe" as const);
  const options = { cwd: io.cwd, env: { ...env }, ...ids(user) };
  const child = spawned(() => spawn(program, args, { ...options, stdio: [stdin, streams, streams] }));
  if (child instanceof Error) return { kind: "not started", code: child.code };
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill("SIGTERM");
    if (graceMs !== undefined) timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  io.signal.addEventListener("abort", stop, { once: true });
  // The program may end without reading its input.
  child.stdin?.on("error", () => undefined);
  if (child.stdin !== null) io.stdin.pipe(child.stdin);
  child.stdout?.pipe(io.stdout, { end: false });
  child.stderr?.pipe(io.stderr, { end: false });
  try {
    return await new Promise((done) => {
      child.on("error", (cause) => done({ kind: "not started", code: errno(cause) ?? "unknown" }));
      child.on("close", (status, signal) => {
        done(status === null ? { kind: "killed", signal: signal ?? "unknown" } : { kind: "exited", status });
      });
    });
  } finally {
    clearTimeout(timer);
    io.signal.removeEventListener("abort", stop);
  }
}

export interface BackgroundOptions extends Pick<ProgramOptions, "env" | "user"> {
  /** A stream that the program holds open as long as it runs. */
  readonly held?: Writable | undefined;
}

/** Starts a program without our streams, and leaves it alone. Undefined, or the code of the error (e.g. `ENOENT`). */
export async function startInBackground(
  io: Io,
  [program, ...args]: readonly [string, ...string[]],
  { env, user, held }: BackgroundOptions,
): Promise<string | undefined> {
  const stdio: StdioOptions = ["ignore", "ignore", "ignore", ...(held === undefined ? [] : [held])];
  const options = { cwd: io.cwd, env: { ...env }, ...ids(user) };
  const child = spawned(() => spawn(program, args, { ...options, stdio, detached: true }));
  if (child instanceof Error) return child.code;
  return await new Promise((done) => {
    child.on("error", (cause) => done(errno(cause) ?? "unknown"));
    child.on("spawn", () => {
      child.unref();
      done(undefined);
    });
  });
}

function ids(user: ProgramOptions["user"]): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}
