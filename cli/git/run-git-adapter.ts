import { execFile } from "node:child_process";
import { CliError } from "../errors.ts";
import { errno } from "../files-adapter.ts";
import type { Io } from "../io.ts";

/** How a run of git ended. */
export interface GitRun {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

export interface RunGitOptions {
  readonly cwd?: string | undefined;
  readonly stdin?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * Runs git in the current folder, without a shell and with the variables of the person, whose repository it is.
 *
 * @throws {CliError} `CLI_GIT_FAILED` when git is not there, takes too long, or prints too much.
 */
export function runGit(
  io: Io,
  args: readonly string[],
  { cwd = io.cwd, stdin = "", timeoutMs = TIMEOUT_MS }: RunGitOptions = {},
): Promise<GitRun> {
  return new Promise((done, failed) => {
    const env = gitEnvironment(io);
    const options = { cwd, env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, signal: io.signal } as const;
    const child = execFile("git", [...args], { ...options, encoding: "buffer" }, (error, stdout, stderr) => {
      if (error === null) done({ exitCode: 0, stdout, stderr: stderr.toString("utf8") });
      else if (typeof error.code === "number") done({ exitCode: error.code, stdout, stderr: stderr.toString("utf8") });
      else failed(io.signal.aborted ? error : notRun(args, error));
    });
    // What git says of it counts, not that it did not listen to the end.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(stdin);
  });
}

/** The variables of the person. */
export function gitEnvironment({ env }: Pick<Io, "env">): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function notRun(args: readonly string[], cause: unknown): CliError {
  const code = errno(cause);
  const state = code === "ENOENT" ? "it is not installed, or not in PATH" : (code ?? "it did not end, and was stopped");
  return new CliError("CLI_GIT_FAILED", `Cannot run git ${args[0] ?? ""}: ${state}`, {
    cause,
    hints: code === "ENOENT" ? ["install git, or put it in PATH"] : [],
  });
}

/** The output of git, as text. @throws {CliError} `CLI_GIT_FAILED` with its last words when it fails. */
export async function gitText(io: Io, args: readonly string[], options: RunGitOptions = {}): Promise<string> {
  const run = await runGit(io, args, options);
  if (run.exitCode === 0) return Buffer.from(run.stdout).toString("utf8").trimEnd();
  throw gitFailed(`run git ${args[0] ?? ""}`, run);
}

const MAX_WORDS = 500;
const IN_A_REPOSITORY = ["run it in a folder of one; a new one is made by: git init"];

export function gitFailed(what: string, { exitCode, stderr }: GitRun, hints: readonly string[] = []): CliError {
  const lines = stderr.trim().split("\n");
  // Below a mount point git says what is wrong, and then where it stopped to look.
  const words = (lines.findLast((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? "").slice(0, MAX_WORDS);
  return new CliError("CLI_GIT_FAILED", `Cannot ${what}: ${words === "" ? `git ended with ${exitCode}` : words}`, {
    hints: hints.length === 0 && /not a git repository/i.test(words) ? IN_A_REPOSITORY : hints,
  });
}
