import { relative } from "node:path";

/**
 * What files below a folder are called in the current one: as `relative()` says it, which for hundreds of files takes as
 * long as reading them.
 *
 * @param base absolute, without a slash at its end: `""` is the root of the file system
 * @returns a function of the file's path relative to `base`, with `/`, without `.` and `..`
 */
export function shownFrom(cwd: string, base: string): (path: string) => string {
  const prefix = relative(cwd, base === "" ? "/" : base);
  if (prefix === "") return (path) => path;
  const isAbove = prefix === ".." || prefix.endsWith("/..");
  return isAbove ? (path) => relative(cwd, `${base}/${path}`) || "." : (path) => `${prefix}/${path}`;
}

/**
 * Where files below one folder stand when they are moved below another one.
 *
 * @param from,to relative to what the paths are relative to before and after, with `/`; `""` for that itself
 * @returns a function of the path of a file below `from`
 */
export function movedBelow(from: string, to: string): (path: string) => string {
  const skipped = from === "" ? 0 : from.length + 1;
  const prefix = to === "" ? "" : `${to}/`;
  return (path) => prefix + path.slice(skipped);
}
