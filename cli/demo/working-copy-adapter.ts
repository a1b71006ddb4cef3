import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A Git repository of the demo: a bare one that is served, and a clone in which "the team" works. */
export interface WorkingCopy {
  /** Holds the bare repositories; this is what a Git server serves. */
  readonly served: string;
  /** Name of the bare repository below `served`. */
  readonly name: string;
  /** Where the files are edited. */
  readonly folder: string;
  write(path: string, content: string): Promise<void>;
  read(path: string): Promise<string>;
  /** Commits everything and pushes it; gives the new commit's id. */
  push(message: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes an empty repository with its clone in a private temporary folder. */
export async function makeWorkingCopy(): Promise<WorkingCopy> {
  const base = await mkdtemp(join(tmpdir(), "sealkit-demo-"));
  const name = "fleet.git";
  const served = join(base, "served");
  const folder = join(base, "fleet");
  await mkdir(served);
  const git = (...args: string[]) => runGit(base, args);
  await git("init", "-q", "--bare", "--initial-branch=main", join(served, name));
  await git("init", "-q", "--initial-branch=main", folder);
  await git("-C", folder, "remote", "add", "origin", join(served, name));
  return {
    served,
    name,
    folder,
    async write(path, content) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    },
    read: (path) => readFile(join(folder, path), "utf8"),
    async push(message) {
      await git("-C", folder, "add", "--all");
      await git("-C", folder, "commit", "-q", "-m", message);
      await git("-C", folder, "push", "-q", "origin", "main");
      return (await git("-C", folder, "rev-parse", "HEAD")).trim();
    },
    async remove() {
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** Runs git as nobody in particular: no configuration of the user's or the machine's is read. */
function runGit(home: string, args: readonly string[]): Promise<string> {
  return new Promise((done, failed) => {
    const identity = { NAME: "Demo", EMAIL: "demo@example.com" };
    const child = spawn("git", args, {
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_TERMINAL_PROMPT: "0",
        GIT_AUTHOR_NAME: identity.NAME,
        GIT_AUTHOR_EMAIL: identity.EMAIL,
        GIT_COMMITTER_NAME: identity.NAME,
        GIT_COMMITTER_EMAIL: identity.EMAIL,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.once("error", failed);
    child.once("close", (code) => {
      if (code === 0) done(Buffer.concat(out).toString("utf8"));
      else failed(new Error(`git ${args[0]} ended with ${code}: ${Buffer.concat(err).toString("utf8").trim()}`));
    });
  });
}
