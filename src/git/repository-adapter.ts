import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitCredentials } from "./credentials.ts";
import { GitError } from "./errors.ts";
import { gitFailure } from "./failure.ts";
import {
  type GitCommit,
  type GitFile,
  parseBatch,
  parseBatchedCommit,
  parseCommit,
  parseTreeListing,
} from "./objects.ts";
import { type GitResult, runGit } from "./process-adapter.ts";
import { findRedirect } from "./redirect-adapter.ts";
import { parseRemoteRefs, type RemoteRefs } from "./refs.ts";
import { gitEnvironment, type PrivateFiles, presentable, secretForms, sshConfiguration } from "./settings.ts";
import type { GitUrl } from "./url.ts";

export interface GitLimits {
  /** Bytes that a fetch may put on disk. */
  readonly maxFetchBytes: number;
  /** Bytes of one listing of references or files. */
  readonly maxListingBytes: number;
}

export const DEFAULT_GIT_LIMITS: GitLimits = {
  maxFetchBytes: 1024 * 1024 * 1024,
  maxListingBytes: 64 * 1024 * 1024,
};

export interface GitConnection {
  readonly url: GitUrl;
  readonly credentials: GitCredentials;
  /** For everything that is done over this connection together. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<GitLimits>;
  /** Where the temporary folder goes; the system's own by default. */
  readonly tempFolder?: string | undefined;
}

/** A remote repository and what was fetched of it. Valid inside `withRepository` only. */
export interface Repository {
  /** References whose full names are given, or all of them. */
  listRefs(names?: readonly string[]): Promise<RemoteRefs>;
  /** Fetches a reference or a commit, without history unless `history` is set; gives the commit it leads to. */
  fetch(
    what: string,
    options?: { readonly history?: boolean; readonly objectFormat?: "sha1" | "sha256" },
  ): Promise<GitCommit>;
  /** Whether what was fetched last has this commit in its history. */
  isInHistory(commit: string): Promise<boolean>;
  commit(hash: string): Promise<GitCommit>;
  files(commit: string): Promise<readonly GitFile[]>;
  read(hashes: readonly string[], totalBytes: number): Promise<ReadonlyMap<string, Uint8Array>>;
}

const FETCHED = "refs/sealkit/fetched";
const TEMP_PREFIX = "sealkit-git-";
const SIZE_CHECK_MS = 200;

/**
 * Opens a connection to a remote, lets `use` work with it, and removes every trace of it from disk afterwards.
 *
 * @throws {GitError} with a code for each cause; secrets are masked in all texts.
 */
export async function withRepository<T>(
  connection: GitConnection,
  use: (repository: Repository) => Promise<T>,
): Promise<T> {
  const folder = await makeFolder(connection.tempFolder ?? tmpdir());
  try {
    const files = await writePrivateFiles(folder, connection.credentials);
    return await use(new RemoteRepository(connection, folder, files));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * Removes what processes that were killed have left: their folders hold credentials. Call it once, before the first
 * connection of this process; the process that a folder belongs to is in its name.
 */
export async function removeLeftovers(tempFolder: string = tmpdir()): Promise<number> {
  const names = await readdir(tempFolder).catch(() => []);
  const left = names.filter((name) => {
    const pid = new RegExp(`^${TEMP_PREFIX}(\\d{1,10})-\\w+$`).exec(name)?.[1];
    return pid !== undefined && !isOtherProcess(Number(pid));
  });
  for (const name of left) await rm(join(tempFolder, name), { recursive: true, force: true }).catch(() => undefined);
  return left.length;
}

/** Whether the pid is that of a running process other than this one. In containers every process may be number 1. */
function isOtherProcess(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

class RemoteRepository implements Repository {
  readonly #connection: GitConnection;
  readonly #limits: GitLimits;
  readonly #repository: string;
  readonly #home: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #secrets: readonly string[];
  readonly #deadline: number;
  #url: GitUrl;
  /** Of the objects in the local repository; undefined while there is none: listing references needs none. */
  #format: "sha1" | "sha256" | undefined;

  constructor(connection: GitConnection, folder: string, files: PrivateFiles) {
    this.#connection = connection;
    this.#limits = { ...DEFAULT_GIT_LIMITS, ...connection.limits };
    this.#repository = join(folder, "repository.git");
    this.#home = files.emptyHome;
    this.#env = gitEnvironment(files, connection.credentials, process.env);
    this.#secrets = secretForms(connection.credentials);
    this.#deadline = performance.now() + connection.timeoutMs;
    this.#url = connection.url;
  }

  async listRefs(names: readonly string[] = []): Promise<RemoteRefs> {
    const result = await this.#remote((url) => [
      "ls-remote",
      "--quiet",
      "--",
      url,
      ...names.flatMap((name) => [name, `${name}^{}`]),
    ]);
    const refs = parseRemoteRefs(new TextDecoder().decode(result.stdout));
    // ls-remote matches the end of a name, so "refs/heads/main" also finds "refs/x/refs/heads/main".
    return names.length === 0 ? refs : new Map([...refs].filter(([ref]) => names.includes(ref)));
  }

  async fetch(
    what: string,
    { history = false, objectFormat = "sha1" }: { history?: boolean; objectFormat?: "sha1" | "sha256" } = {},
  ): Promise<GitCommit> {
    await this.#init(objectFormat);
    const tooLarge = new AbortController();
    const watch = setInterval(() => {
      folderBytes(join(this.#repository, "objects")).then(
        (bytes) => bytes > this.#limits.maxFetchBytes && tooLarge.abort(),
        () => undefined,
      );
    }, SIZE_CHECK_MS);
    try {
      await this.#remote(
        (url) => [
          "fetch",
          "--quiet",
          "--no-tags",
          "--no-recurse-submodules",
          "--no-write-fetch-head",
          "--force",
          ...(history ? [] : ["--depth=1"]),
          "--",
          url,
          `+${what}:${FETCHED}`,
        ],
        tooLarge.signal,
      );
    } catch (error) {
      if (tooLarge.signal.aborted && !this.#connection.signal?.aborted)
        throw fetchTooLarge(this.#url, this.#limits.maxFetchBytes);
      throw error;
    } finally {
      clearInterval(watch);
    }
    const { stdout } = await this.#expect(["cat-file", "--batch"], `${FETCHED}^{commit}\n`);
    const commit = parseBatchedCommit(stdout);
    if (commit === undefined) {
      throw new GitError(
        "GIT_BAD_OBJECT",
        `Cannot use "${what}" of repository "${this.#url.text}": it is not a commit`,
      );
    }
    return commit;
  }

  async isInHistory(commit: string): Promise<boolean> {
    return (await this.#local(["merge-base", "--is-ancestor", commit, FETCHED])).exitCode === 0;
  }

  async commit(hash: string): Promise<GitCommit> {
    const { stdout } = await this.#expect(["cat-file", "commit", hash]);
    return parseCommit(hash, new TextDecoder().decode(stdout));
  }

  async files(commit: string): Promise<readonly GitFile[]> {
    const { stdout } = await this.#expect(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]);
    return parseTreeListing(stdout);
  }

  async read(hashes: readonly string[], totalBytes: number): Promise<ReadonlyMap<string, Uint8Array>> {
    const perObject = 100;
    const result = await this.#local(["cat-file", "--batch"], {
      stdin: hashes.map((hash) => `${hash}\n`).join(""),
      maxOutputBytes: totalBytes + hashes.length * perObject,
    });
    if (result.exitCode !== 0) throw gitFailure(this.#url, result.exitCode, this.#say(result));
    return parseBatch(result.stdout, hashes);
  }

  async #init(objectFormat: "sha1" | "sha256"): Promise<void> {
    if (this.#format === objectFormat) return;
    this.#format = undefined;
    await rm(this.#repository, { recursive: true, force: true });
    await mkdir(this.#repository, { mode: 0o700 });
    const format = `--object-format=${objectFormat}`;
    const result = await this.#run(["init", "--quiet", "--bare", "--template=", format, this.#repository]);
    if (result.exitCode !== 0) throw gitFailure(this.#url, result.exitCode, this.#say(result));
    this.#format = objectFormat;
  }

  /** Runs a command against the remote; follows one redirect, and only within the same host. */
  async #remote(args: (url: string) => readonly string[], stop?: AbortSignal): Promise<GitResult> {
    for (let redirects = 0; ; redirects++) {
      const result = await this.#run(args(this.#url.text), { stop });
      if (result.exitCode === 0) return result;
      const failure = gitFailure(this.#url, result.exitCode, this.#say(result));
      if (failure.code !== "GIT_REDIRECT_REFUSED" || redirects > 0) throw failure;
      const redirect = await findRedirect(this.#url, this.#connection.credentials, {
        timeoutMs: this.#remainingMs(),
        signal: this.#connection.signal,
      });
      if (redirect?.allowed === undefined) throw redirectRefused(this.#url, redirect?.host);
      this.#url = redirect.allowed;
    }
  }

  async #expect(args: readonly string[], stdin?: string): Promise<GitResult> {
    const result = await this.#local(args, stdin === undefined ? {} : { stdin });
    if (result.exitCode !== 0) throw gitFailure(this.#url, result.exitCode, this.#say(result));
    return result;
  }

  #local(args: readonly string[], more: { stdin?: string; maxOutputBytes?: number } = {}): Promise<GitResult> {
    return this.#run(args, more);
  }

  #run(
    args: readonly string[],
    more: { stdin?: string; maxOutputBytes?: number; stop?: AbortSignal | undefined } = {},
  ): Promise<GitResult> {
    const signals = [this.#connection.signal, more.stop].filter((signal) => signal !== undefined);
    return runGit({
      args: this.#format !== undefined ? ["--git-dir", this.#repository, ...args] : args,
      cwd: this.#home,
      env: this.#env,
      timeoutMs: this.#remainingMs(),
      maxOutputBytes: more.maxOutputBytes ?? this.#limits.maxListingBytes,
      ...(more.stdin === undefined ? {} : { stdin: more.stdin }),
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
    });
  }

  #remainingMs(): number {
    return Math.max(1, Math.round(this.#deadline - performance.now()));
  }

  #say(result: GitResult): string {
    return presentable(result.stderr, this.#secrets);
  }
}

async function makeFolder(parent: string): Promise<string> {
  try {
    return await mkdtemp(join(parent, `${TEMP_PREFIX}${process.pid}-`));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new GitError("GIT_FAILED", `Cannot make a folder for the fetch in "${parent}": ${code}`, {
      hints: ["free space there, or set TMPDIR to a folder that this process may write to"],
      cause,
    });
  }
}

async function writePrivateFiles(folder: string, { login, tls }: GitCredentials): Promise<PrivateFiles> {
  const emptyHome = join(folder, "home");
  await mkdir(emptyHome, { mode: 0o700 });
  const write = async (name: string, text: string | undefined): Promise<string | undefined> => {
    if (text === undefined) return undefined;
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    return path;
  };
  const files = {
    emptyHome,
    ca: await write("ca.crt", tls?.ca),
    clientCertificate: await write("tls.crt", tls?.client?.certificate),
    clientKey: await write("tls.key", tls?.client?.key),
  };
  if (login?.kind !== "ssh") return { ...files, sshConfig: undefined };
  const identity = await write("identity", login.identity);
  const knownHosts = await write("known_hosts", login.knownHosts);
  const config = sshConfiguration({ identity: identity ?? "", knownHosts: knownHosts ?? "" });
  return { ...files, sshConfig: await write("ssh_config", config) };
}

/** Bytes in a folder of git objects: two levels, which is all that git makes. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

function fetchTooLarge(url: GitUrl, limit: number): GitError {
  return new GitError("GIT_TOO_LARGE", `Cannot fetch repository "${url.text}": it is larger than ${limit} bytes`);
}

function redirectRefused(url: GitUrl, host: string | undefined): GitError {
  return new GitError("GIT_REDIRECT_REFUSED", `Cannot read repository "${url.text}": the server redirects elsewhere`, {
    details: host === undefined ? [] : [`to host "${host}", which the credentials are not meant for`],
    hints: ["set spec.url to the address that the server redirects to"],
  });
}
