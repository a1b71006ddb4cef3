import { delimiter, isAbsolute } from "node:path";
import type { Io } from "./io.ts";

/**
 * The environment for a program that is looked for by its name: without the relative folders of `PATH`, which lie wherever
 * we are, so that nothing runs that merely stands in somebody's repository.
 */
export function absolutePathOnly(env: Io["env"]): Record<string, string | undefined> {
  const { PATH, ...others } = env;
  const folders = (PATH ?? "").split(delimiter).filter(isAbsolute);
  // An empty one would mean the current folder; without any, the system has its own.
  return folders.length === 0 ? others : { ...others, PATH: folders.join(delimiter) };
}
