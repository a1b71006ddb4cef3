import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseRecipient, type Recipient } from "../../../src/age/index.ts";
import { Moved, threadProgram } from "../../../src/threads/index.ts";
import { startThreads } from "../../../src/threads/start-threads-adapter.ts";
import type { FileJobs, FileThreadSetUp, NumberedItem } from "./age-files-thread-adapter.ts";
import type { Item } from "./plan.ts";
import { discardStaged, markOf, newMark, removeStaging, stagingFolder } from "./small-files-adapter.ts";

export interface FileThreadsOptions {
  readonly cwd: string;
  /** The folder that all results go below. */
  readonly output: string;
  readonly signal: AbortSignal;
  readonly recipients?: readonly Recipient[] | undefined;
  /** What the identities were read from; undefined where that is not enough to have them, as with plugins and passphrases. */
  readonly keyFiles?: readonly Uint8Array[] | undefined;
  readonly armor: boolean;
  readonly force: boolean;
}

/** When threads are worth it, and which. */
export interface FileThreadsPlan {
  /** Fewer files are done before threads have started. */
  readonly smallestBatch?: number | undefined;
  readonly threads?: number | undefined;
  /** File that the threads run; default: the one that comes with this build. */
  readonly program?: URL | undefined;
}

const SMALLEST_BATCH = 300;
/** More would wait for each other: folders are changed by one at a time. */
const MOST_THREADS = 8;
const FILES_AT_ONCE = 64;
/** A thread holds some files of a megabyte, outside of this. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 24, codeRangeSizeMb: 16 };

/**
 * Works on the small files of a batch in threads, as far as they can: what needs a person or a plugin, what is large, and
 * whatever is wrong with a file is left to the caller. Returns which results are in their places; there is none that is
 * not whole.
 */
export async function workInThreads(
  items: readonly Item[],
  options: FileThreadsOptions,
  {
    smallestBatch = SMALLEST_BATCH,
    threads = Math.min(availableParallelism(), MOST_THREADS),
    program = threadProgram(import.meta.url, "age-files-thread"),
  }: FileThreadsPlan = {},
): Promise<ReadonlySet<Item>> {
  const { cwd, signal, recipients, keyFiles = [], armor, force } = options;
  const texts = recipients?.map(({ name }) => name);
  const can = texts === undefined ? options.keyFiles !== undefined : texts.every(isReadAgain);
  if (!can || items.length < smallestBatch || threads < 2) return new Set();
  const mark = newMark();
  const done = new SharedArrayBuffer(items.length);
  const folders: string[] = [];
  const pool = startThreads<FileJobs>({
    program,
    threads,
    name: "age files",
    limits: LIMITS,
    setUp() {
      const copies = keyFiles.map((bytes) => new Uint8Array(bytes));
      const staging = stagingFolder(resolve(cwd, options.output), mark, folders.length);
      folders.push(staging);
      const value: FileThreadSetUp = { cwd, recipients: texts, keyFiles: copies, armor, force, mark, staging, done };
      return new Moved(
        value,
        copies.map(({ buffer }) => buffer),
      );
    },
  });
  const finished = new Uint8Array(done);
  const unsure: NumberedItem[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length && unsure.length === 0 && !signal.aborted) {
      const first = next;
      next += FILES_AT_ONCE;
      const block = items.slice(first, next).map((item, at) => ({ ...item, index: first + at }));
      // Whatever ended the thread: the caller goes on without.
      await pool.run("files", block).catch(() => unsure.push(...block));
    }
  };
  try {
    // Each thread has some files in front of it.
    await Promise.all(Array.from({ length: 2 * threads }, lane));
  } finally {
    await pool.close();
    for (const folder of folders) removeStaging(folder);
  }
  for (const { index, output } of unsure) {
    if (finished[index] === 0) discardStaged(resolve(cwd, output), markOf(mark, index));
  }
  return new Set(items.filter((_, index) => finished[index] === 1));
}

/** Whether the text says all: not for a passphrase, nor for what a plugin knows. */
function isReadAgain(text: string): boolean {
  try {
    return parseRecipient(text).name === text;
  } catch {
    return false;
  }
}
