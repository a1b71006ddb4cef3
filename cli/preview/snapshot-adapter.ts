import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type GitServer, serveGit } from "../../src/git/http-backend-adapter.ts";
import { PreviewError } from "./errors.ts";

const MAX_ERROR_BYTES = 64 * 1024;

/** A repository with one commit, served on loopback. */
export interface Snapshot {
  readonly url: string;
  close(): Promise<void>;
  /** Loopback is open to everyone on this machine; the repository holds what only its owner may be able to read. */
  readonly login: { readonly username: string; readonly password: string };
}

/**
 * Takes a folder as it is now (what is not committed counts, what `.gitignore` names does not) into a repository of its
 * own below `scratch`, and serves it: the controller takes no paths.
 *
 * @throws {PreviewError} `PREVIEW_NOT_A_FOLDER`, `PREVIEW_SNAPSHOT`
 */
export async function takeSnapshot(
  folder: string,
  { cwd, scratch, path }: { readonly cwd: string; readonly scratch: string; readonly path: string | undefined },
): Promise<Snapshot> {
  const source = resolve(cwd, folder);
  const seen = await stat(source).catch(() => undefined);
  if (seen?.isDirectory() !== true) {
    const state = seen === undefined ? "there is no such folder" : "it is no folder";
    throw new PreviewError("PREVIEW_NOT_A_FOLDER", `Cannot preview "${folder}": ${state}`, {
      hints: ["name a folder, or an https, http or ssh URL of a repository"],
    });
  }
  const repository = join(scratch, "preview.git");
  const git = (...args: readonly string[]) =>
    run([...QUIET, `--git-dir=${repository}`, ...args], { cwd: source, path });
  await run([...QUIET, "init", "--quiet", "--bare", "--initial-branch=main", repository], { cwd: scratch, path });
  await git("--work-tree=.", "add", "--all", ".");
  await git("--work-tree=.", "commit", "--quiet", "--allow-empty", "--no-verify", "--message", "preview");
  const login = { username: "preview", password: randomBytes(24).toString("base64url") };
  const server: GitServer = await serveGit({ root: scratch, login });
  return { url: `${server.url}/preview.git`, login, close: () => server.close() };
}

/** No setting of the machine or the repository may run anything or change what is taken. */
const QUIET = [
  "-c",
  "user.name=sealkit",
  "-c",
  "user.email=sealkit@localhost",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.autocrlf=false",
  "-c",
  "commit.gpgSign=false",
  "-c",
  "advice.addEmbeddedRepo=false",
  "-c",
  "filter.lfs.required=false",
];

async function run(
  args: readonly string[],
  { cwd, path }: { readonly cwd: string; readonly path: string | undefined },
): Promise<void> {
  const env = { PATH: path, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
  const { code, stderr } = await new Promise<{ code: number; stderr: string }>((done, failed) => {
    const child = spawn("git", args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (text.length < MAX_ERROR_BYTES) text += chunk.toString("utf8");
    });
    child.once("error", failed);
    child.once("close", (status) => done({ code: status ?? 1, stderr: text }));
  }).catch((cause: unknown) => {
    throw new PreviewError("PREVIEW_SNAPSHOT", "Cannot take the folder into a repository: git cannot be run", {
      cause,
    });
  });
  if (code === 0) return;
  throw new PreviewError("PREVIEW_SNAPSHOT", "Cannot take the folder into a repository: git refuses", {
    details: stderr.trim().split("\n").slice(0, 5),
  });
}
