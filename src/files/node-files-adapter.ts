import { constants } from "node:fs";
import {
  chmod,
  chown,
  copyFile,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rmdir,
  unlink,
} from "node:fs/promises";
import type { FileIdentity, FileSystem, FoundFile } from "./file-system.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** The file system of this machine. */
export const nodeFiles: FileSystem = {
  async find(path) {
    const seen = await lstat(path, { bigint: true }).catch(unlessMissing);
    if (seen === undefined) return undefined;
    if (!seen.isFile())
      throw Object.assign(new Error("no regular file"), { code: seen.isDirectory() ? "EISDIR" : "EINVAL" });
    return foundFile(seen);
  },
  async writeNew(path, content, { mode, like }) {
    const handle = await writeBeside(path, content, { mode, like });
    try {
      return foundFile(await handle.stat({ bigint: true }));
    } finally {
      await handle.close();
    }
  },
  async keep(from, to) {
    try {
      await link(from, to);
    } catch (cause) {
      if (!NO_LINKS.has(errno(cause))) throw cause;
      await copyWhole(from, to);
    }
  },
  rename,
  async remove(path) {
    await unlink(path).catch(unlessMissing);
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
    return await readFile(path, "utf8").catch(unlessMissing);
  },
  async flush(path) {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  flushFolder,
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER });
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
 * Makes a file with its final mode and owner that nobody can read before; the handle is the caller's to flush and close.
 * When it throws, nothing is left. An owner that may not be given is left out, as it must be for anybody but root.
 */
export async function writeBeside(
  path: string,
  content: Uint8Array | string,
  {
    mode,
    like,
  }: { readonly mode: number | undefined; readonly like?: Pick<FoundFile, "mode" | "owner" | "group"> | undefined },
): Promise<FileHandle> {
  const wanted = like === undefined ? mode : (mode ?? like.mode);
  const handle = await open(path, "wx", like === undefined ? (mode ?? 0o644) : PRIVATE_FILE);
  try {
    await handle.writeFile(content);
    if (wanted !== undefined) await handle.chmod(wanted);
    const own = await handle.stat();
    if (like !== undefined && (like.owner !== own.uid || like.group !== own.gid)) {
      await handle.chown(like.owner, like.group).catch(() => undefined);
    }
    return handle;
  } catch (cause) {
    await handle.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
    throw cause;
  }
}

/** Makes a rename itself durable; some file systems refuse to flush a folder, and nothing is lost then but this. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
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
  const seen = await lstat(from);
  await copyFile(from, to, constants.COPYFILE_EXCL);
  await chmod(to, seen.mode & 0o7777);
  await chown(to, seen.uid, seen.gid).catch(() => undefined);
  const handle = await open(to, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
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
