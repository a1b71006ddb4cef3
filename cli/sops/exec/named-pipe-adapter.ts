import { chownSync, closeSync, constants, linkSync, lstatSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errno } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { runProgram } from "../../run-program-adapter.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { User } from "./user-adapter.ts";

/** Pauses between looks for a reader, in milliseconds: short at first, since commands read at once. */
const FIRST_PAUSE_MS = 1;
const PAUSE_MS = 10;
const FIRST_LOOKS = 200;

/** Pipes made at once, and in all: each is read once. */
const BATCH = 8;
const MAX_PIPES = 10_000;

/**
 * Serves `content` at `path`, as a named pipe for its owner alone, to everybody who opens it while `work` runs. Every
 * reader gets it whole, from the beginning; a reader that never comes, or stops reading, holds nothing up. One that comes
 * when `work` has ended gets nothing, and waits for nobody.
 *
 * Readers that came before the pipe was opened for them share it. So `path` is another pipe at every look: whoever comes
 * after the look cannot get hold of the pipe that is being filled.
 *
 * @throws {SopsFailure} when pipes cannot be made here.
 */
export async function servePipe<Result>(
  io: Io,
  path: string,
  { content, user }: { readonly content: Uint8Array; readonly user: User | undefined },
  work: () => Promise<Result>,
): Promise<Result> {
  const pipes = new Pipes(io, path, user);
  await pipes.makeMore();
  pipes.publish();
  const over = new AbortController();
  // What goes wrong meanwhile must not end the command, nor may anybody wait at a pipe that nobody serves.
  const serving = serve(pipes, content, over.signal).catch(() => pipes.withdraw());
  try {
    return await work();
  } finally {
    over.abort();
    await serving;
    pipes.close();
  }
}

async function serve(pipes: Pipes, content: Uint8Array, over: AbortSignal): Promise<void> {
  const filling = new Set<Promise<void>>();
  for (let look = 0; !over.aborted; look++) {
    await pause(look < FIRST_LOOKS ? FIRST_PAUSE_MS : PAUSE_MS, over);
    const fd = over.aborted ? undefined : pipes.takeReader();
    if (fd === undefined) continue;
    const one: Promise<void> = fill(fd, content, over).finally(() => filling.delete(one));
    filling.add(one);
    await pipes.makeMore();
  }
  await Promise.all(filling);
}

/** Writes all of it, as fast as it is read, and no longer than somebody reads. */
async function fill(fd: number, content: Uint8Array, over: AbortSignal): Promise<void> {
  try {
    for (let at = 0; at < content.length && !over.aborted; ) {
      try {
        at += writeSync(fd, content, at);
      } catch (error) {
        if (errno(error) === "EPIPE") return;
        if (errno(error) !== "EAGAIN") throw error;
        await pause(FIRST_PAUSE_MS, over);
      }
    }
  } finally {
    closeSync(fd);
  }
}

async function pause(ms: number, over: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: over }).catch(() => undefined);
}

/** Named pipes of one folder, one of which stands at the path that readers know. */
class Pipes {
  readonly #io: Io;
  readonly #path: string;
  readonly #user: User | undefined;
  #made = 0;
  /** Pipes that nobody has opened. */
  readonly #spare: string[] = [];
  #published: string | undefined;

  constructor(io: Io, path: string, user: User | undefined) {
    this.#io = io;
    this.#path = path;
    this.#user = user;
  }

  /** @throws {SopsFailure} */
  async makeMore(): Promise<void> {
    if (this.#spare.length > 1 || this.#made >= MAX_PIPES) return;
    const folder = `${this.#path}.pipes`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const paths = Array.from({ length: BATCH }, (_, at) => join(folder, String(this.#made + at)));
    this.#made += BATCH;
    const end = await runProgram(this.#io, ["mkfifo", "-m", "600", "--", ...paths], {
      env: this.#io.env,
      input: "terminal",
    });
    if (end.kind !== "exited" || end.status !== 0) throw noPipes(end.kind === "not started" ? end.code : "it failed");
    if (this.#user !== undefined) for (const path of paths) chownSync(path, this.#user.uid, this.#user.gid);
    this.#spare.push(...paths);
  }

  /** Puts another pipe at the path. */
  publish(): void {
    const next = this.#spare.shift();
    if (next === undefined) return;
    const link = `${next}.link`;
    linkSync(next, link);
    if (this.#published !== undefined && !isSame(this.#published, this.#path)) {
      // The command removed the pipe, or put something else there: it is not ours to put back.
      this.#published = undefined;
      return;
    }
    renameSync(link, this.#path);
    this.#published = next;
  }

  /** Takes the pipe away: whoever opens the path from now on is told that there is nothing. */
  withdraw(): void {
    this.#published = undefined;
    rmSync(this.#path, { force: true });
  }

  /** Takes the pipe away, and lets those go who wait at one: they would wait for ever. */
  close(): void {
    const left = this.#published === undefined ? this.#spare : [...this.#spare, this.#published];
    this.withdraw();
    for (const pipe of left) {
      try {
        closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
      } catch {
        // Nobody waits there, or it is gone.
      }
    }
  }

  /** The pipe that somebody waits at, open for writing, after another one has taken its place; undefined when nobody does. */
  takeReader(): number | undefined {
    const asked = this.#published;
    if (asked === undefined) return undefined;
    this.publish();
    try {
      const fd = openSync(asked, constants.O_WRONLY | constants.O_NONBLOCK);
      if (this.#published === asked) this.withdraw();
      return fd;
    } catch (error) {
      if (errno(error) !== "ENXIO") throw error;
      // Without another one it is still at the path.
      if (this.#published !== asked) this.#spare.push(asked);
      return undefined;
    }
  }
}

/** Whether two paths are the same file. */
function isSame(one: string, other: string): boolean {
  const there = lstatSync(other, { throwIfNoEntry: false });
  return there !== undefined && there.ino === lstatSync(one).ino;
}

function noPipes(reason: string): SopsFailure {
  const state = reason === "ENOENT" ? "there is no program mkfifo here" : `mkfifo: ${reason}`;
  return new SopsFailure(
    SOPS_EXIT.generic,
    `error: Cannot make a named pipe: ${state}\nhint: use a file, in memory where there is such a place: --no-fifo`,
  );
}
