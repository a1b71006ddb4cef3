import { Budget, quote } from "./budget.ts";
import type { StoredFile, TreeEntry, TreeOptions } from "./entries.ts";
import { TreeError } from "./errors.ts";
import { DEFAULT_TREE_LIMITS, type TreeLimits } from "./limits.ts";
import { resolveLinks } from "./links.ts";
import { compareByBytes, parentOf } from "./path.ts";
import type { FileTree } from "./tree.ts";

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Makes a tree of entries in memory; the bytes are taken over, not copied.
 *
 * @throws {TreeError} for paths that are not normalised or reach out of the tree, a path that is both file and
 *   directory or there twice, links that cannot be resolved (see `badLinks`), and everything beyond the limits.
 */
export function treeFromEntries(entries: Iterable<TreeEntry>, options: TreeOptions = {}): FileTree {
  const limits = { ...DEFAULT_TREE_LIMITS, ...options.limits };
  const files = new Map<string, StoredFile>();
  const links = new Map<string, string>();
  const budget = new Budget(limits);
  for (const entry of entries) {
    checkPath(entry.path, limits);
    if (files.has(entry.path) || links.has(entry.path)) throw twice(entry.path);
    if (entry.kind === "link") {
      budget.countLink(entry.path);
      links.set(entry.path, entry.target);
    } else {
      budget.countFile(entry.path, entry.bytes.length);
      files.set(entry.path, { bytes: entry.bytes, executable: entry.executable === true });
    }
  }
  checkNoFileIsDirectory(files, links);
  if (links.size > 0) resolveLinks(files, links, { limits, budget, options });
  return memoryTree(files);
}

/** A tree over files that are already checked. */
function memoryTree(files: ReadonlyMap<string, StoredFile>): FileTree {
  const paths = [...files.keys()].sort(compareByBytes);
  const directories = directoriesOf(paths);
  return {
    paths: () => paths,
    read: async (path) => files.get(path)?.bytes,
    hasDirectory: (path) => directories.has(path),
    isExecutable: (path) => files.get(path)?.executable === true,
  };
}

/** Every directory that holds one of `paths`, however deep; the root `""` too, when there is any path. */
export function directoriesOf(paths: Iterable<string>): ReadonlySet<string> {
  const directories = new Set<string>();
  for (const path of paths) {
    for (let at = path; at !== ""; ) {
      at = parentOf(at);
      if (directories.has(at)) break;
      directories.add(at);
    }
  }
  return directories;
}

function checkPath(path: string, limits: TreeLimits): void {
  const parts = path.split("/");
  const wrong = parts.some((part) => part === "" || part === "." || part === "..");
  if (wrong || path.includes("\0") || LONE_SURROGATE.test(path)) {
    throw new TreeError("TREE_BAD_PATH", `Cannot load ${quote(path)}: the path is not a plain relative one`, { path });
  }
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > limits.maxPathBytes || parts.length > limits.maxDepth + 1) {
    throw new TreeError("TREE_TOO_LARGE", `Cannot load ${quote(path)}: the path is too long or too deep`, {
      path,
      details: [`limits: ${limits.maxPathBytes} bytes, ${limits.maxDepth} directories`],
    });
  }
}

function checkNoFileIsDirectory(files: ReadonlyMap<string, unknown>, links: ReadonlyMap<string, unknown>): void {
  for (const directory of directoriesOf([...files.keys(), ...links.keys()])) {
    if (files.has(directory) || links.has(directory)) {
      throw new TreeError("TREE_CLASHING_PATHS", `Cannot load ${quote(directory)}: it is a file and a directory`, {
        path: directory,
      });
    }
  }
}

function twice(path: string): TreeError {
  return new TreeError("TREE_CLASHING_PATHS", `Cannot load ${quote(path)}: the path is there twice`, { path });
}

/**
 * Checks sizes that are known before anything is read.
 *
 * @throws {TreeError} `TREE_TOO_LARGE`.
 */
export function checkSizes(
  files: Iterable<{ readonly path: string; readonly bytes: number }>,
  limits: Partial<TreeLimits> = {},
): void {
  const budget = new Budget({ ...DEFAULT_TREE_LIMITS, ...limits });
  for (const { path, bytes } of files) budget.countFile(path, bytes);
}
