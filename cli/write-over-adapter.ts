import type { Stats } from "node:fs";
import { constants, type FileHandle, lstat, open, readlink, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/**
 * Where a file is written that is not there yet: at the end of the links that lead to it. A circle of links is left to the
 * system to refuse.
 *
 * Source: proc(5), protected_symlinks.
 *
 * @throws `EACCES` for a link that somebody else laid in a folder where everybody may: it would choose what we overwrite.
 *   The system refuses it when it follows links itself, but here it is asked for each step.
 */
export async function newTarget(path: string): Promise<string> {
  let target = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = await lstat(target).catch(() => undefined);
    if (found?.isSymbolicLink() !== true) return target;
    if (await isTrap(target, found)) throw Object.assign(new Error("a link of somebody else"), { code: "EACCES" });
    target = resolve(await realpath(dirname(target)), await readlink(target));
  }
  return path;
}

const STICKY_FOR_ALL = 0o1002;

async function isTrap(link: string, { uid }: Stats): Promise<boolean> {
  const folder = await stat(dirname(link));
  return (folder.mode & STICKY_FOR_ALL) === STICKY_FOR_ALL && uid !== process.geteuid?.() && uid !== folder.uid;
}

/**
 * Writes into a file that is there, for places where no other file can take its place: it is mounted by itself, or its
 * folder cannot be written to. What fails on the way puts the former content back; a crash may leave both mixed.
 *
 * @param mode Permission bits that it gets before the content; absent: it keeps its own.
 * @throws `EPERM` when it may not get them; `ELOOP` when a link has taken its place.
 */
export async function writeOver(
  target: string,
  bytes: Uint8Array,
  { mode }: { readonly mode?: number | undefined } = {},
): Promise<void> {
  const handle = await open(target, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const before = await handle.readFile();
    const formerMode = (await handle.stat()).mode & 0o7777;
    try {
      if (mode !== undefined && mode !== formerMode) await handle.chmod(mode);
      await fill(handle, bytes);
    } catch (cause) {
      await fill(handle, before);
      if (mode !== undefined && mode !== formerMode) await handle.chmod(formerMode).catch(() => undefined);
      throw cause;
    }
  } finally {
    await handle.close();
  }
}

async function fill(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
  await handle.truncate(bytes.length);
  await handle.sync();
}
