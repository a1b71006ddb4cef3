import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { spawned } from "../spawned.ts";
import { GitError } from "./errors.ts";
import { type GitRun, killGroup, notStarted } from "./process-adapter.ts";

/** What git says of one object that was asked for. */
export interface StreamedBlob {
  /** As it was asked for: a hash, or an expression such as `:path`. */
  readonly name: string;
  readonly state: "read" | "too large" | "missing" | "no file";
  /** Empty unless it was read. */
  readonly bytes: Uint8Array;
}

/** One line of the answers: longer ones are no answers. */
const MAX_HEADER = 8_192;
const NAMES_AT_ONCE = 1_000;
const NEWLINE = 0x0a;

export interface StreamOptions extends Pick<GitRun, "cwd" | "env" | "timeoutMs" | "signal"> {
  /** Settings before the command: `-c`, `key=value`. */
  readonly settings: readonly string[];
  /** A larger blob is passed over. */
  readonly maxBytes: number;
}

/**
 * Reads objects one after the other from one `git cat-file --batch`, in their order. At most one is in memory, whatever
 * their number, and however long whoever takes them is at one: the time is bounded that git may take for an answer. Ending
 * the iteration early ends git.
 *
 * @throws {GitError} `GIT_NOT_INSTALLED`, `GIT_TIMEOUT`, `GIT_ABORTED`, `GIT_FAILED`
 */
export async function* streamBlobs(names: readonly string[], options: StreamOptions): AsyncGenerator<StreamedBlob> {
  if (names.length === 0) return;
  const { cwd, env, settings, timeoutMs, signal, maxBytes } = options;
  if (signal?.aborted === true) throw new GitError("GIT_ABORTED", "Cannot finish the Git operation: it was stopped");
  const child = spawned(() =>
    spawn("git", [...settings, "cat-file", "--batch"], {
      cwd,
      env: { ...env },
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    }),
  );
  if (child instanceof Error) throw notStarted(child);
  let failure: GitError | undefined;
  const stop = (error: GitError) => {
    failure ??= error;
    killGroup(child.pid);
  };
  const onAbort = () => stop(new GitError("GIT_ABORTED", "Cannot finish the Git operation: it was stopped"));
  let isWaiting = false;
  const timer = setTimeout(() => {
    if (isWaiting) stop(new GitError("GIT_TIMEOUT", `Cannot read objects: git said nothing for ${timeoutMs / 1000} s`));
    else timer.refresh();
  }, timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  child.on("error", (cause: NodeJS.ErrnoException) => {
    failure ??= notStarted(cause);
    child.stdout.destroy();
  });
  // Git that ended early is told by its answers.
  child.stdin.on("error", () => undefined);
  Readable.from(lines(names)).pipe(child.stdin);
  try {
    const reader = new AnswerReader(child.stdout, maxBytes);
    for (const name of names) {
      timer.refresh();
      isWaiting = true;
      const answer = await reader.next(name);
      isWaiting = false;
      if (answer === undefined) break;
      yield answer;
    }
    if (failure === undefined && reader.answers < names.length) failure = new GitError("GIT_FAILED", ENDED);
  } catch (cause) {
    failure ??= cause instanceof GitError ? cause : new GitError("GIT_FAILED", ENDED, { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    killGroup(child.pid);
  }
  if (failure !== undefined) throw failure;
}

const ENDED = "Cannot read objects: git ended before it had answered";

function* lines(names: readonly string[]): Generator<string> {
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
    yield names
      .slice(at, at + NAMES_AT_ONCE)
      .map((name) => `${name}\n`)
      .join("");
  }
}

class AnswerReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  answers = 0;

  constructor(stream: AsyncIterable<Buffer>, maxBytes: number) {
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#maxBytes = maxBytes;
  }

  /** Undefined when git has nothing more to say. */
  async next(name: string): Promise<StreamedBlob | undefined> {
    const header = await this.#line();
    if (header === undefined) return undefined;
    this.answers++;
    const match = /^[0-9a-f]{40,64} (\w+) (\d+)$/.exec(header);
    if (match === null) return { name, state: "missing", bytes: new Uint8Array() };
    const size = Number(match[2]);
    const isKept = match[1] === "blob" && size <= this.#maxBytes;
    const bytes = await this.#take(size, isKept);
    await this.#take(1, false);
    if (isKept) return { name, state: "read", bytes };
    return { name, state: match[1] === "blob" ? "too large" : "no file", bytes };
  }

  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(NEWLINE);
      if (end >= 0) {
        const line = this.#rest.subarray(0, end).toString("latin1");
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#rest.length > MAX_HEADER) throw new GitError("GIT_BAD_OBJECT", "Cannot read objects: no answer of git");
      const more = await this.#chunks.next();
      if (more.done === true) return undefined;
      this.#rest = Buffer.concat([this.#rest, more.value]);
    }
  }

  /** The next bytes; empty when they are not to be kept. */
  async #take(size: number, isKept: boolean): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) {
        const more = await this.#chunks.next();
        if (more.done === true) throw new GitError("GIT_FAILED", ENDED);
        this.#rest = more.value;
      }
      const part = this.#rest.subarray(0, left);
      if (isKept) parts.push(part);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }
}
