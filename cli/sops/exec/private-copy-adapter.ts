import { open } from "node:fs/promises";
import type { User } from "./user-adapter.ts";

/** Writes a new file for its owner alone: for `user`, else for us. */
export async function writePrivate(path: string, content: Uint8Array, user: User | undefined): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    if (user !== undefined) await handle.chown(user.uid, user.gid);
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
}
