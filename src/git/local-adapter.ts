import { showUtf8 } from "../bytes/utf8.ts";
import { type StreamedBlob, streamBlobs } from "./blob-stream-adapter.ts";
import { GitError } from "./errors.ts";
import { firstOf, INTRODUCED, OBJECTS } from "./hook-adapter.ts";
import { type GitFile, parseBatch, parseTreeListing } from "./objects.ts";
import { type GitResult, runGit } from "./process-adapter.ts";
import { type ChangedFile, type Introduction, parseIntroductions, parseObjectList } from "./raw-diff.ts";

/** A repository on this machine. Reads only: no hook, filter or helper that its configuration names is run. */
export interface LocalRepository {
  /** Top of the work tree, or the git folder of a bare repository; absolute. */
  readonly top: string;
  readonly bare: boolean;
  /** The folder that was opened as a path from the top, `apps/db/`; `""` for the top itself. */
  readonly prefix: string;
  /**
   * Paths of the files at or below the folder that was opened, relative to it: those that are tracked, and those that
   * are neither tracked nor ignored. As bytes, because no encoding holds for them. What is named may be gone, a link or a
   * folder (a submodule).
   */
  workTreePaths(): Promise<WorkTreePaths>;
  /** Whether the clone begins somewhere in the middle of the history. */
  isShallow(): Promise<boolean>;
  /** The commit that is checked out; undefined before the first one. */
  head(): Promise<string | undefined>;
  /** URLs of its remotes, without users and passwords. */
  remotes(): Promise<readonly string[]>;
  /** Local and remote-tracking branches, by full name. */
  branches(): Promise<readonly GitBranch[]>;
  /** The files of a commit, all of it, wherever in the work tree the folder is; names as far as they are UTF-8. */
  files(commit: string): Promise<readonly GitFile[]>;
  /** Contents of blobs, `totalBytes` in all. */
  read(hashes: readonly string[], totalBytes: number): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Every blob that is reachable from any ref, once, with one of its paths. */
  historyBlobs(): Promise<readonly ChangedFile[]>;
  /** Contents of blobs in their order, one at a time; larger ones than `maxBytes` are passed over. */
  stream(hashes: readonly string[], maxBytes: number): AsyncGenerator<StreamedBlob>;
  /**
   * The first commit, in the order of history, that has each of these blobs, with its path there; `patterns`: at a path
   * that one of these fits, as git matches them (`*.yaml`), whatever their case.
   */
  introductions(hashes: ReadonlySet<string>, patterns?: readonly string[]): Promise<ReadonlyMap<string, Introduction>>;
}

export interface WorkTreePaths {
  readonly paths: readonly Uint8Array[];
  /** Those of them that a sparse checkout leaves in the repository. They may be on disk all the same. */
  readonly sparse: readonly Uint8Array[];
}

export interface GitBranch {
  /** `refs/heads/main` */
  readonly name: string;
  readonly commit: string;
}

export interface LocalOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 120_000;
const MAX_LISTING_BYTES = 256 * 1024 * 1024;
const BATCH_HEADER_BYTES = 100;

/** Nothing that a repository's own configuration could start. */
const INERT = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"];

/** What must not lead git to another repository than the one that is named. */
const LEFT_OUT = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX"];

/**
 * Opens the repository that a folder is in; undefined when it is in none.
 *
 * @throws {GitError} `GIT_NOT_INSTALLED`, `GIT_TIMEOUT`, `GIT_ABORTED`; `GIT_FAILED` for one that git refuses, such as one
 *   of another owner.
 */
export async function openLocalRepository(folder: string, options: LocalOptions): Promise<LocalRepository | undefined> {
  const { timeoutMs = TIMEOUT_MS, signal } = options;
  const env = environment(options.env);
  const run = (args: readonly string[], more: { stdin?: string; maxOutputBytes?: number } = {}): Promise<GitResult> =>
    runGit({
      args: [...INERT, ...args],
      cwd: folder,
      env,
      timeoutMs,
      maxOutputBytes: MAX_LISTING_BYTES,
      ...(signal === undefined ? {} : { signal }),
      ...more,
    });
  const expect = async (args: readonly string[], more?: { stdin?: string; maxOutputBytes?: number }) => {
    const result = await run(args, more);
    if (result.exitCode !== 0) throw failure(folder, result);
    return result.stdout;
  };
  const asked = await run(["rev-parse", "--is-bare-repository", "--absolute-git-dir"]);
  if (asked.exitCode !== 0) {
    if (/not a git repository/i.test(asked.stderr)) return undefined;
    throw failure(folder, asked);
  }
  const [isBare, gitFolder = ""] = linesOf(asked.stdout);
  const bare = isBare === "true";
  const [top = "", prefix = ""] = bare
    ? [gitFolder]
    : linesOf(await expect(["rev-parse", "--show-toplevel", "--show-prefix"]));
  return {
    top,
    bare,
    prefix,
    workTreePaths: async () => {
      const listed = await expect(["ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard"]);
      return taggedPaths(splitAtNul(listed));
    },
    isShallow: async () => linesOf(await expect(["rev-parse", "--is-shallow-repository"]))[0] === "true",
    head: async () => {
      const { exitCode, stdout } = await run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
      return exitCode === 0 ? linesOf(stdout)[0] : undefined;
    },
    remotes: async () => {
      const { stdout } = await run(["config", "--null", "--get-regexp", "^remote\\..*\\.url$"]);
      const entries = splitAtNul(stdout).map((entry) => new TextDecoder().decode(entry));
      return entries.map((entry) => entry.slice(entry.indexOf("\n") + 1).replace(/^([a-z+]+:\/\/)[^/@]*@/, "$1"));
    },
    branches: async () => {
      const format = "--format=%(objectname) %(refname)%(if)%(symref)%(then) ->%(end)";
      const lines = linesOf(await expect(["for-each-ref", format, "refs/heads", "refs/remotes"]));
      // origin/HEAD is another name of a branch that is listed anyway.
      return lines.filter((line) => !line.endsWith(" ->")).map(branchOf);
    },
    // A person's repository is looked at whatever encoding its names have; nothing is written by these.
    files: async (commit) =>
      parseTreeListing(await expect(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]), showUtf8),
    read: async (hashes, totalBytes) => {
      if (hashes.length === 0) return new Map();
      const stdin = hashes.map((hash) => `${hash}\n`).join("");
      const maxOutputBytes = totalBytes + hashes.length * BATCH_HEADER_BYTES;
      return parseBatch(await expect(["cat-file", "--batch"], { stdin, maxOutputBytes }), hashes);
    },
    historyBlobs: async () => parseObjectList(await expect(["rev-list", ...OBJECTS, "--all"])),
    stream: (hashes, maxBytes) =>
      streamBlobs(hashes, { cwd: folder, env, settings: INERT, timeoutMs, signal, maxBytes }),
    introductions: async (hashes, patterns = []) => {
      const commits = await expect(["rev-list", "--reverse", "--topo-order", "--all"]);
      const stdin = Buffer.from(commits).toString("latin1");
      const places = patterns.map((pattern) => `:(top,icase)${pattern}`);
      return firstOf(parseIntroductions(await expect([...INTRODUCED, "--", ...places], { stdin })), hashes);
    },
  };
}

function environment(outer: LocalOptions["env"]): Record<string, string> {
  const passed = Object.entries(outer).filter(([name, value]) => value !== undefined && !LEFT_OUT.includes(name));
  const fixed = { LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_NO_LAZY_FETCH: "1", GIT_TERMINAL_PROMPT: "0" };
  return Object.fromEntries([...passed.map(([name, value]) => [name, value ?? ""]), ...Object.entries(fixed)]);
}

function linesOf(output: Uint8Array): string[] {
  return new TextDecoder()
    .decode(output)
    .split("\n")
    .filter((line) => line !== "");
}

function branchOf(line: string): GitBranch {
  const space = line.indexOf(" ");
  return { commit: line.slice(0, space), name: line.slice(space + 1) };
}

function splitAtNul(output: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < output.length; ) {
    const nul = output.indexOf(0, at);
    const end = nul < 0 ? output.length : nul;
    parts.push(output.subarray(at, end));
    at = end + 1;
  }
  return parts;
}

const SPARSE = 0x53; // S

/** Entries `T path`. A file with a conflict is listed once for each side, one after the other. */
function taggedPaths(entries: readonly Uint8Array[]): WorkTreePaths {
  const paths: Uint8Array[] = [];
  const sparse: Uint8Array[] = [];
  for (const entry of entries) {
    const path = entry.subarray(2);
    const last = paths.at(-1);
    if (last?.length === path.length && Buffer.compare(last, path) === 0) continue;
    paths.push(path);
    if (entry[0] === SPARSE) sparse.push(path);
  }
  return { paths, sparse };
}

function failure(folder: string, { exitCode, stderr }: GitResult): GitError {
  const said = stderr
    .split("\n")
    .filter((line) => line !== "")
    .slice(0, 4);
  return new GitError("GIT_FAILED", `Cannot read the repository in "${folder}": git ended with ${exitCode}`, {
    details: said,
  });
}
