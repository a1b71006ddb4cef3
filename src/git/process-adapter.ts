import { spawn } from "node:child_process";
import { spawned } from "../spawned.ts";
import { GitError } from "./errors.ts";

export interface GitRun {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

const MAX_STDERR_BYTES = 64 * 1024;

/**
 * Runs git once, without a shell. The whole process group is killed on abort, on timeout, and when it prints more than
 * allowed, so no helper of git outlives the call.
 *
 * @throws {GitError} `GIT_NOT_INSTALLED`, `GIT_TIMEOUT`, `GIT_ABORTED`, `GIT_TOO_LARGE`. A non-zero exit is a value.
 */
export function runGit(run: GitRun): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    if (run.signal?.aborted === true) {
      reject(aborted());
      return;
    }
    const child = spawned(() =>
      spawn("git", run.args, {
        cwd: run.cwd,
        env: { ...run.env },
        stdio: ["pipe", "pipe", "pipe"],
        // A group of its own, so that the transport helpers of git can be killed with it.
        detached: true,
      }),
    );
    if (child instanceof Error) return reject(notStarted(child));
    let failure: GitError | undefined;
    const stop = (error: GitError) => {
      if (failure !== undefined) return;
      failure = error;
      killGroup(child.pid);
    };
    const onAbort = () => stop(aborted());
    const timer = setTimeout(() => stop(timedOut(run.timeoutMs)), run.timeoutMs);
    run.signal?.addEventListener("abort", onAbort, { once: true });
    const finish = () => {
      clearTimeout(timer);
      run.signal?.removeEventListener("abort", onAbort);
    };

    const output: Buffer[] = [];
    let outputBytes = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      outputBytes += chunk.length;
      if (outputBytes > run.maxOutputBytes) stop(tooMuch(run.maxOutputBytes));
      else output.push(chunk);
    });
    const complaints: Buffer[] = [];
    let complaintBytes = 0;
    child.stderr.on("data", (chunk: Buffer) => {
      if (complaintBytes < MAX_STDERR_BYTES) complaints.push(chunk.subarray(0, MAX_STDERR_BYTES - complaintBytes));
      complaintBytes += chunk.length;
    });
    child.on("error", (cause: NodeJS.ErrnoException) => {
      finish();
      reject(notStarted(cause));
    });
    child.on("close", (code) => {
      finish();
      // A helper may still be talking when git itself is gone.
      killGroup(child.pid);
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      const stdout = Buffer.concat(output);
      resolve({
        exitCode: code ?? -1,
        stdout: new Uint8Array(stdout.buffer, stdout.byteOffset, stdout.byteLength),
        stderr: Buffer.concat(complaints).toString("utf8"),
      });
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(run.stdin ?? "");
  });
}

/** Kills a process that was started in a group of its own, with all that it started. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

function aborted(): GitError {
  return new GitError("GIT_ABORTED", "Cannot finish the Git operation: it was stopped");
}

function timedOut(timeoutMs: number): GitError {
  return new GitError("GIT_TIMEOUT", `Cannot finish the Git operation: no end after ${timeoutMs / 1000} s`, {
    hints: ["raise spec.timeout if the repository is large or far away"],
  });
}

function tooMuch(limit: number): GitError {
  return new GitError("GIT_TOO_LARGE", `Cannot finish the Git operation: git printed more than ${limit} bytes`);
}

/** Why git did not start. A folder that is not there passes for a program that is not. */
export function notStarted(cause: NodeJS.ErrnoException): GitError {
  if (cause.code === "ENOENT") return notInstalled(cause);
  const details = [`the system says ${cause.code ?? "no"}`];
  return new GitError("GIT_FAILED", "Cannot run git: it cannot be started", { cause, details });
}

function notInstalled(cause: unknown): GitError {
  return new GitError("GIT_NOT_INSTALLED", "Cannot run git: it is not installed, or not in PATH", {
    hints: ["install git 2.32 or newer"],
    cause,
  });
}
