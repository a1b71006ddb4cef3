import { defineFunction } from "../value/function.ts";
import type { GoFunction } from "../value/go-value.ts";

/**
 * Paths with `/` as separator. The `os` forms are those of Linux, so both are the same.
 *
 * Source: Go 1.26, package `path`.
 */
export const pathFunctions: readonly GoFunction[] = [
  ...pair("base", "osBase", base),
  ...pair("dir", "osDir", (path) => clean(path.slice(0, path.lastIndexOf("/") + 1))),
  ...pair("clean", "osClean", clean),
  ...pair("ext", "osExt", (path) => /\.[^./]*$/.exec(path)?.[0] ?? ""),
  ...pair("isAbs", "osIsAbs", (path) => path.startsWith("/")),
];

function pair(name: string, osName: string, call: (path: string) => string | boolean): GoFunction[] {
  return [name, osName].map((each) => defineFunction({ name: each, params: ["string"], call: ([path]) => call(path) }));
}

function base(path: string): string {
  if (path === "") return ".";
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return end === 0 ? "/" : path.slice(path.lastIndexOf("/", end - 1) + 1, end);
}

/** The shortest path of the same meaning, read as text: no `.`, no inner `..`, no doubled separator. */
function clean(path: string): string {
  const isRooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const isUp = part === ".." && (parts.at(-1) ?? "..") !== "..";
    if (isUp) parts.pop();
    else if (part !== ".." || !isRooted) parts.push(part);
  }
  const cleaned = (isRooted ? "/" : "") + parts.join("/");
  return cleaned === "" ? "." : cleaned;
}
