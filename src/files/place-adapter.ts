import { lstat, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ReplacePlace } from "./place.ts";

const MAX_FOLDERS = 100;

/** A place for replacing files, and whether it is a work tree of git. */
export interface FoundPlace extends ReplacePlace {
  readonly isWorkTree: boolean;
}

/**
 * Where files below a folder are replaced: the work tree of git that it is in, with the journal in `.git/sealkit`, where
 * nothing commits it; else the folder itself, with `.sealkit` in it. The folder need not exist yet.
 */
export async function findPlace(folder: string): Promise<FoundPlace> {
  let at = resolve(folder);
  for (let level = 0; level < MAX_FOLDERS; level++) {
    const git = await gitFolder(at);
    if (git !== undefined) return { base: withoutSlash(at), state: join(git, "sealkit"), isWorkTree: true };
    if (dirname(at) === at) break;
    at = dirname(at);
  }
  const base = resolve(folder);
  return { base: withoutSlash(base), state: join(base, ".sealkit"), isWorkTree: false };
}

/** The git folder of a work tree: `.git`, or what a file of that name points at (worktrees and submodules). */
async function gitFolder(folder: string): Promise<string | undefined> {
  const path = join(folder, ".git");
  const seen = await lstat(path).catch(() => undefined);
  if (seen?.isDirectory() === true) return path;
  if (seen?.isFile() !== true || seen.size > 4096) return undefined;
  const [, target] = /^gitdir: ([^\r\n]+)/.exec(await readFile(path, "utf8")) ?? [];
  if (target === undefined) return undefined;
  const git = resolve(folder, target);
  return (await lstat(git).catch(() => undefined))?.isDirectory() === true ? git : undefined;
}

/** Paths are put together with `/`; only the root of the file system ends with one. */
function withoutSlash(path: string): string {
  return path === "/" ? "" : path;
}
