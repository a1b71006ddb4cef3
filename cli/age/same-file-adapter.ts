import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Io } from "../io.ts";

/** Whether two paths name one file, links followed. False when one of them is not there. */
export async function isSameFile(io: Io, a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => stat(resolve(io.cwd, path)).catch(() => undefined)));
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}
