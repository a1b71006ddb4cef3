import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdir, open, readdir, rmdir } from "node:fs/promises";
import { promisify } from "node:util";
import type { FileIdentity, FileSystem, FoundFile } from "./file-system.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** Journals and locks: a hundred thousand paths fit in. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
const flushDescriptor = promisify(fsync);

/**
 * The file system of this machine. What only touches names and small files is done at once: the way through the pool of
 * threads takes several times as long as the call. What waits for a disk goes there.
 */
export const nodeFiles: FileSystem = {
  async find(path) {
    const seen = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (seen === undefined) return undefined;
    if (!seen.isFile())
      throw Object.assign(new Error("no regular file"), { code: seen.isDirectory() ? "EISDIR" : "EINVAL" });
    return foundFile(seen);
  },
  async writeNew(path, content, { mode, like }) {
    const descriptor = writeBeside(path, content, { mode, like });
    const identity = identityOf(descriptor);
    const flushed = closing(descriptor, flushDescriptor);
    // Whoever waits hears of it; who gave up meanwhile need not.
    flushed.catch(() => undefined);
    return { identity, flushed };
  },
  async keep(from, to) {
    try {
      linkSync(from, to);
    } catch (cause) {
      if (!NO_LINKS.has(errno(cause))) throw cause;
      await copyWhole(from, to);
    }
  },
  async rename(from, to) {
    renameSync(from, to);
  },
  async remove(path) {
    // A failed call costs ten times as much as one that looks first, and most of these files are gone.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
    try {
      unlinkSync(path);
    } catch (cause) {
      unlessMissing(cause);
    }
  },
  async append(path, text) {
    const handle = await open(path, "a", PRIVATE_FILE);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  },
  async read(path) {
    // Whoever may write into the folder may put anything there: a pipe would be waited for, a link lead elsewhere.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    const handle = await open(path, flags).catch(unlessMissing);
    if (handle === undefined) return undefined;
    try {
      const seen = await handle.stat();
      if (!seen.isFile()) throw Object.assign(new Error("no regular file"), { code: "EINVAL" });
      if (seen.size > MAX_TEXT_BYTES) throw Object.assign(new Error("too long"), { code: "EFBIG" });
      return await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  },
  async flush(path) {
    await closing(openSync(path, "r"), flushDescriptor);
  },
  flushFolder,
  async makeFolder(path) {
    try {
      await mkdir(path, { mode: PRIVATE_FOLDER });
    } catch (cause) {
      if (errno(cause) === "EEXIST") return;
      // With folders above to make Node says ENOENT for every cause, also that the file system is read-only.
      if (errno(cause) !== "ENOENT") throw cause;
      await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER });
    }
  },
  async removeFolder(path) {
    await rmdir(path).catch((cause: unknown) => {
      if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errno(cause))) throw cause;
    });
  },
  async list(path) {
    return (await readdir(path).catch(unlessMissing)) ?? [];
  },
};

/**
 * Makes a file with its final mode and owner that nobody can read before; the descriptor is the caller's to flush and
 * close. When it throws, nothing is left. An owner that may not be given is left out, as it must be for anybody but root.
 */
export function writeBeside(
  path: string,
  content: Uint8Array | string,
  {
    mode,
    like,
  }: { readonly mode: number | undefined; readonly like?: Pick<FoundFile, "mode" | "owner" | "group"> | undefined },
): number {
  const wanted = like === undefined ? mode : (mode ?? like.mode);
  const descriptor = openSync(path, "wx", like === undefined ? (mode ?? 0o644) : PRIVATE_FILE);
  try {
    writeFileSync(descriptor, content);
    if (wanted !== undefined) fchmodSync(descriptor, wanted);
    if (like !== undefined) giveTo(descriptor, like);
    return descriptor;
  } catch (cause) {
    closeSync(descriptor);
    unlinkSync(path);
    throw cause;
  }
}

function identityOf(descriptor: number): FileIdentity {
  try {
    return foundFile(fstatSync(descriptor, { bigint: true }));
  } catch (cause) {
    closeSync(descriptor);
    throw cause;
  }
}

function giveTo(descriptor: number, { owner, group }: Pick<FoundFile, "owner" | "group">): void {
  const own = fstatSync(descriptor);
  if (owner === own.uid && group === own.gid) return;
  try {
    fchownSync(descriptor, owner, group);
  } catch {
    // Only root may.
  }
}

/** Content and size of an open file are on the disk afterwards, and it is closed. */
export async function flushAndClose(descriptor: number): Promise<void> {
  await closing(descriptor, flushDescriptor);
}

/** Makes a rename itself durable; some file systems refuse to flush a folder, and nothing is lost then but this. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    await closing(openSync(folder, "r"), flushDescriptor);
  } catch {
    // As said.
  }
}

async function closing(descriptor: number, work: (descriptor: number) => Promise<void>): Promise<void> {
  try {
    await work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** What file systems without hard links answer. */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
  "EXDEV",
  "EACCES",
]);

async function copyWhole(from: string, to: string): Promise<void> {
  const seen = lstatSync(from);
  copyFileSync(from, to, constants.COPYFILE_EXCL);
  chmodSync(to, seen.mode & 0o7777);
  try {
    chownSync(to, seen.uid, seen.gid);
  } catch {
    // Only root may.
  }
  await closing(openSync(to, "r"), flushDescriptor);
}

interface BigStats {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly mode: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
}

/** What a system says of a regular file. */
export function foundFile({ ino, size, mtimeNs, mode, uid, gid }: BigStats): FoundFile {
  const identity: FileIdentity = { inode: ino.toString(), size: Number(size), modified: mtimeNs.toString() };
  return { ...identity, mode: Number(mode & 0o7777n), owner: Number(uid), group: Number(gid) };
}

function errno(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}

function unlessMissing(cause: unknown): undefined {
  if (errno(cause) === "ENOENT") return undefined;
  throw cause;
}
