import { lstat, open, readlink, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/**
 * Where a file is written that is not there yet: at the end of the links that lead to it. A circle of links is left to the
 * system to refuse.
 */
export async function newTarget(path: string): Promise<string> {
  let target = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = await lstat(target).catch(() => undefined);
    if (found?.isSymbolicLink() !== true) return target;
    target = resolve(await realpath(dirname(target)), await readlink(target));
  }
  return path;
}

/**
 * Writes into a file that is there, for places where no other file can take its place: it is mounted by itself, or its
 * folder cannot be written to. What fails on the way puts the former content back; a crash may leave both mixed.
 */
export async function writeOver(target: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(target, "r+");
  try {
    const before = await handle.readFile();
    try {
      await fill(handle, bytes);
    } catch (cause) {
      await fill(handle, before);
      throw cause;
    }
  } finally {
    await handle.close();
  }
}

async function fill(handle: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
  await handle.truncate(bytes.length);
  await handle.sync();
}
