import { closeSync, constants, lstatSync, openSync, read, readSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { promisify } from "node:util";
import { shellWord } from "../bytes/shell-word.ts";
import { showUtf8 } from "../bytes/utf8.ts";
import { FolderWalk, MAX_FOLDER_DEPTH, pathBelow } from "../files/walk-adapter.ts";
import { type LocalOptions, openLocalRepository } from "../git/index.ts";
import { ahead } from "./ahead.ts";
import { RepositoryError } from "./errors.ts";
import {
  REPOSITORY_LIMITS,
  type RepositoryFile,
  type RepositoryFiles,
  type RepositoryLimits,
  type SkippedFile,
} from "./repository-file.ts";

const READ_AHEAD = 16;
/** What takes the place of a file after it was looked at is neither followed nor waited for. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const readInto = promisify(read);
/** Larger files are read by the pool of threads; so are, for a while, all that follow one that was waited for so long. */
const SMALL_BYTES = 64 * 1024;
const LONG_MS = 1;
const READS_BY_POOL = 256;

export interface WorkTreeOptions extends LocalOptions {
  readonly limits?: Partial<RepositoryLimits> | undefined;
}

/**
 * The files below a folder as they are on disk. Inside a Git work tree those that are tracked, and those that would be
 * added: what is ignored is left out. Elsewhere all of them. Links are not followed, submodules not entered.
 *
 * @throws {RepositoryError} `REPOSITORY_UNREADABLE`, `REPOSITORY_TOO_LARGE`; `REPOSITORY_BARE`, because what git keeps in such a
 *   folder would pass for a repository that holds nothing; {GitError}
 */
export async function workTreeFiles(folder: string, options: WorkTreeOptions): Promise<RepositoryFiles> {
  const limits = { ...REPOSITORY_LIMITS, ...options.limits };
  const root = resolve(folder);
  await checkFolder(folder);
  const repository = await openLocalRepository(root, options);
  if (repository?.bare === true) throw bare(folder);
  const listed =
    repository === undefined
      ? { paths: await walk(root, folder, limits), sparse: [] }
      : await repository.workTreePaths();
  // A letter for each byte takes a fraction of the room that an array takes, and sorts in the same order.
  const paths = listed.paths.map(inLatin1);
  const sparse = new Set(listed.sparse.map(inLatin1));
  if (paths.length > limits.maxFiles) throw tooLarge(folder, limits);
  paths.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const skipped: SkippedFile[] = [];
  return {
    count: paths.length,
    skipped,
    files: () => readAll(root, paths, { limits, skipped, sparse }),
  };
}

function inLatin1(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString("latin1");
}

interface Reading {
  readonly limits: RepositoryLimits;
  readonly skipped: SkippedFile[];
  /** What is not there because of a sparse checkout was not deleted. */
  readonly sparse: ReadonlySet<string>;
}

async function* readAll(
  root: string,
  paths: readonly string[],
  { limits, skipped, sparse }: Reading,
): AsyncGenerator<RepositoryFile> {
  const prefix = Buffer.from(root.endsWith(sep) ? root : root + sep);
  const pace = { byPool: 0 };
  const readNext = async (path: string): ReturnType<typeof readOne> => {
    const bytes = Buffer.from(path, "latin1");
    const read = await readOne(prefix, bytes, { ...limits, pace });
    return read === undefined && sparse.has(path) ? { path: showUtf8(bytes), why: "not checked out" } : read;
  };
  for await (const read of ahead(paths, READ_AHEAD, readNext)) {
    if (read === undefined) continue;
    if ("why" in read) skipped.push(read);
    else yield read;
  }
}

/**
 * Undefined for what is gone: a file that was deleted and not committed, or that vanished in the meantime. A way to the
 * thread pool and back costs more than these calls, and as whoever listed the files has brought names to memory, so mostly
 * are contents; where a disk or a network has to be waited for, the pool does so for many files at once.
 */
async function readOne(
  prefix: Buffer,
  path: Buffer,
  { maxFileBytes, pace }: RepositoryLimits & { readonly pace: Pace },
): Promise<RepositoryFile | SkippedFile | undefined> {
  const full = Buffer.concat([prefix, path]);
  const shown = showUtf8(path);
  try {
    const found = lstatSync(full);
    if (found.isSymbolicLink()) return { path: shown, why: "symbolic link" };
    if (found.isDirectory()) return { path: shown, why: "submodule" };
    if (!found.isFile()) return { path: shown, why: "not a regular file" };
    if (found.size > maxFileBytes) return { path: shown, why: "too large" };
    const descriptor = openSync(full, READ_ONLY);
    try {
      const bytes = await readWhole(descriptor, found.size, maxFileBytes, pace);
      return bytes === undefined ? { path: shown, why: "too large" } : { path: shown, bytes, branches: [] };
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "ELOOP") return { path: shown, why: "symbolic link" };
    if (code === "EACCES" || code === "EPERM") return { path: shown, why: "no permission" };
    throw cause;
  }
}

/** How long reading takes here. */
interface Pace {
  /** How many of the next files the pool reads. */
  byPool: number;
}

/** The bytes of a file that may be growing; undefined when they are too many. */
async function readWhole(
  descriptor: number,
  size: number,
  maxBytes: number,
  pace: Pace,
): Promise<Uint8Array | undefined> {
  const isAtOnce = size <= SMALL_BYTES && pace.byPool === 0;
  const parts: Buffer[] = [];
  let bytes = 0;
  if (!isAtOnce && pace.byPool > 0) pace.byPool--;
  const started = isAtOnce ? performance.now() : 0;
  // One byte more than it was long: so the end shows without another call.
  for (let room = size + 1; ; room = 64 * 1024) {
    const part = Buffer.allocUnsafe(room);
    const bytesRead = isAtOnce
      ? readSync(descriptor, part, 0, room, null)
      : (await readInto(descriptor, part, 0, room, null)).bytesRead;
    if (bytesRead === 0) break;
    parts.push(part.subarray(0, bytesRead));
    bytes += bytesRead;
    if (bytes > maxBytes) return undefined;
    if (bytesRead < room) break;
  }
  if (isAtOnce && performance.now() - started > LONG_MS) pace.byPool = READS_BY_POOL;
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

async function walk(root: string, folder: string, limits: RepositoryLimits): Promise<Buffer[]> {
  const paths: Buffer[] = [];
  const folders = new FolderWalk(root);
  for await (const { path, entries, cause } of folders) {
    if (entries === undefined) {
      if (path.length === 0) throw unreadable(folder, cause);
      // A folder that may not be read is listed as itself, and then said to be skipped.
      paths.push(path);
    }
    for (const entry of entries ?? []) {
      const below = pathBelow(path, entry.name);
      if (!entry.isDirectory()) paths.push(below);
      else if (entry.name.toString("latin1") !== ".git" && !folders.enter(below)) throw tooDeep(folder);
    }
    if (paths.length + folders.waiting > limits.maxFiles) throw tooLarge(folder, limits);
  }
  return paths;
}

/** Refuses what cannot be gone through, before anybody does. @throws {RepositoryError} `REPOSITORY_UNREADABLE` */
export async function checkFolder(folder: string): Promise<void> {
  const found = await lstat(resolve(folder) + sep).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  if (!found.isDirectory()) throw unreadable(folder, undefined);
}

function bare(folder: string): RepositoryError {
  return new RepositoryError("REPOSITORY_BARE", `Cannot go through "${folder}": it is a bare repository`, {
    details: ["it has branches only, and no files on disk"],
    hints: [`make a clone with files, and name that: git clone ${shellWord(folder)} FOLDER`],
  });
}

function tooDeep(folder: string): RepositoryError {
  return new RepositoryError("REPOSITORY_TOO_LARGE", `Cannot go through "${folder}": it is too deep`, {
    details: [`its folders nest deeper than ${MAX_FOLDER_DEPTH} levels`],
  });
}

function tooLarge(folder: string, { maxFiles }: RepositoryLimits): RepositoryError {
  return new RepositoryError("REPOSITORY_TOO_LARGE", `Cannot go through "${folder}": it holds too many files`, {
    details: [`more than ${maxFiles}`],
    hints: ["name a smaller folder"],
  });
}

function unreadable(folder: string, cause: unknown): RepositoryError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "ENOTDIR";
  const state = STATES.get(code) ?? code;
  return new RepositoryError("REPOSITORY_UNREADABLE", `Cannot go through "${folder}": ${state}`, { cause });
}

const STATES: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such folder"],
  ["ENOTDIR", "it is no folder"],
  ["EACCES", "no permission"],
]);
