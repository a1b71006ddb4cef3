import { type StreamedBlob, streamBlobs } from "./blob-stream-adapter.ts";
import { GitError } from "./errors.ts";
import { type GitResult, runGit } from "./process-adapter.ts";
import { type ChangedFile, type Introduction, parseIntroductions, parseObjectList, parseRawDiff } from "./raw-diff.ts";

/** The repository that git runs a hook for: its index, and what is being pushed to it, also in quarantine. */
export interface HookRepository {
  /** Regular files of the index that the current commit has not, or has otherwise. Renames are new files. */
  staged(): Promise<readonly ChangedFile[]>;
  /** Every blob that is reachable from these commits and from no ref yet, once, with one of its paths. */
  pushed(commits: readonly string[]): Promise<readonly ChangedFile[]>;
  /** Objects by hash or expression, in their order, one at a time. */
  read(names: readonly string[], maxBytes: number): AsyncGenerator<StreamedBlob>;
  /** Where blobs that are pushed come in: the first commit and path of each. */
  introductions(commits: readonly string[], hashes: ReadonlySet<string>): Promise<ReadonlyMap<string, Introduction>>;
  /** Where git looks for hooks (`core.hooksPath`), absolute. */
  hooksFolder(): Promise<string>;
}

export interface HookOptions {
  readonly cwd: string;
  /** As git gave it to the hook: it says which index and which objects count. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 600_000;
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
/** Nothing that would be started by settings, and no work that a listing needs not. */
const SETTINGS = ["-c", "core.fsmonitor=false", "-c", "protocol.allow=never"];
const DIFF = ["--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "-O/dev/null"];

/** Makes the repository of a hook. Nothing is run before it is asked for. */
export function openForHook({ cwd, env: outer, timeoutMs = TIMEOUT_MS, signal }: HookOptions): HookRepository {
  const given = Object.entries(outer).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const fixed = { LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_NO_LAZY_FETCH: "1", GIT_TERMINAL_PROMPT: "0" };
  const env = { ...Object.fromEntries(given), ...fixed };
  const ask = async (args: readonly string[], stdin?: string): Promise<Uint8Array> => {
    const result = await runGit({
      args: [...SETTINGS, ...args],
      cwd,
      env,
      timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      signal,
      ...(stdin === undefined ? {} : { stdin }),
    });
    if (result.exitCode !== 0) throw failed(args[0] ?? "", result);
    return result.stdout;
  };
  return {
    staged: async () =>
      parseRawDiff(await ask(["diff", "--cached", ...DIFF, "--diff-filter=d", "--ignore-submodules=all"])),
    pushed: async (commits) =>
      parseObjectList(await ask(["rev-list", ...OBJECTS, "--stdin", "--not", "--all"], linesOf(commits))),
    read: (names, maxBytes) => streamBlobs(names, { cwd, env, settings: SETTINGS, timeoutMs, signal, maxBytes }),
    introductions: async (commits, hashes) => {
      const list = await ask(["rev-list", "--reverse", "--topo-order", "--stdin", "--not", "--all"], linesOf(commits));
      const text = Buffer.from(list).toString("latin1");
      return firstOf(parseIntroductions(await ask([...INTRODUCED], text)), hashes);
    },
    hooksFolder: async () => {
      const shown = await ask(["rev-parse", "--path-format=absolute", "--git-path", "hooks"]);
      return Buffer.from(shown).toString("utf8").replace(/\n$/, "");
    },
  };
}

/** Arguments of rev-list for all blobs, each once. */
export const OBJECTS: readonly string[] = ["--objects", "--filter=object:type=blob", "--filter-provided-objects"];
/** Arguments of git that list what each commit of stdin brings in. */
export const INTRODUCED: readonly string[] = ["diff-tree", "--stdin", "-r", "-c", "--root", ...DIFF];

/** The first introduction of each blob that is asked for. */
export function firstOf(
  introductions: Iterable<Introduction>,
  hashes: ReadonlySet<string>,
): ReadonlyMap<string, Introduction> {
  const first = new Map<string, Introduction>();
  for (const introduction of introductions) {
    const { hash } = introduction;
    if (hashes.has(hash) && !first.has(hash)) first.set(hash, introduction);
  }
  return first;
}

function linesOf(names: readonly string[]): string {
  return names.map((name) => `${name}\n`).join("");
}

/** Outside of a repository `git diff` does not say so: it takes itself for a plain diff, and explains its flags. */
const NO_REPOSITORY = /not a git repository|usage: git diff --no-index/i;

function failed(command: string, { exitCode, stderr }: GitResult): GitError {
  if (NO_REPOSITORY.test(stderr)) {
    return new GitError("GIT_FAILED", "Cannot look at what is committed: this folder is in no Git repository", {
      hints: ["run it in a folder of one; a new one is made by: git init"],
    });
  }
  const said = stderr.split("\n").filter((line) => line !== "");
  return new GitError("GIT_FAILED", `Cannot run git ${command}: it ended with ${exitCode}`, {
    details: said.slice(0, 4),
  });
}
