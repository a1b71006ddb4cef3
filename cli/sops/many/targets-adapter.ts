import { lstat } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { isBeside } from "../../../src/files/index.ts";
import { type FoundPlace, findPlace } from "../../../src/files/place-adapter.ts";
import { compileGlob, type Glob, matchesGlob } from "../../../src/sources/index.ts";
import { filesBelow } from "../../files-below/walk-adapter.ts";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";

/** The files that a call is about. */
export interface Targets {
  /** The folder above all that was named; relative results (`--output-dir`) are relative to it. */
  readonly root: string;
  readonly place: FoundPlace;
  /** Paths relative to the base of the place, with `/`, sorted, each once. */
  readonly paths: readonly string[];
  readonly links: number;
  readonly ignored: number;
}

/** Files of git and of configuration: never anybody's secrets. */
const NEVER = new Set([".sops.yaml", ".sops.yml", ".gitignore", ".gitattributes", ".gitmodules", ".sourceignore"]);

/**
 * What folders, files and patterns name: below folders all files that git would take, by name also a file that it ignores.
 * Symbolic links are not followed.
 *
 * @throws {SopsFailure} when something that was named is not there; {CliError} when a folder cannot be read.
 */
export async function findTargets(io: Io, words: readonly string[]): Promise<Targets> {
  const named = await Promise.all(words.map((word) => lookUp(io, word)));
  const root = commonFolder(
    named.map(({ folder, kind }) => (kind === "folder" || kind === "glob" ? folder : dirname(folder))),
  );
  const place = await findPlace(root);
  const base = place.base === "" ? "/" : place.base;
  const paths = new Set<string>();
  let [links, ignored] = [0, 0];
  for (const { folder, kind, glob } of named) {
    if (kind === "link") links++;
    else if (kind === "file") paths.add(relative(base, folder));
    else {
      const below = await filesBelow(io, {
        base,
        from: relative(base, folder),
        accepts: (name) => !NEVER.has(name) && !isBeside(name),
        leavesOutIgnored: true,
      });
      const inside = (path: string) => relative(folder, resolve(base, path)).split("/");
      for (const path of below.paths) if (glob === undefined || matchesPath(glob, inside(path))) paths.add(path);
      if (glob === undefined) links += below.links.length;
      if (glob === undefined) ignored += below.ignored;
    }
  }
  return { root, place, paths: [...paths].sort(), links, ignored };
}

interface Named {
  /** The folder, the file itself, or the folder in front of a pattern. */
  readonly folder: string;
  readonly kind: "folder" | "file" | "link" | "glob";
  readonly glob: PathGlob | undefined;
}

/** A pattern for each part of a path; undefined is `**`. */
type PathGlob = readonly (Glob | undefined)[];

async function lookUp(io: Io, word: string): Promise<Named> {
  const path = resolve(io.cwd, word);
  const seen = await lstat(path).catch(() => undefined);
  if (seen?.isDirectory() === true) return { folder: path, kind: "folder", glob: undefined };
  if (seen?.isSymbolicLink() === true) return { folder: path, kind: "link", glob: undefined };
  if (seen?.isFile() === true) return { folder: path, kind: "file", glob: undefined };
  const parts = word.split("/");
  const first = parts.findIndex((part) => /[*?[]/.test(part));
  if (seen === undefined && first >= 0) {
    const folder = resolve(io.cwd, parts.slice(0, first).join("/") || (word.startsWith("/") ? "/" : "."));
    const glob = parts.slice(first).map((part) => (part === "**" ? undefined : compileGlob(part)));
    if ((await lstat(folder).catch(() => undefined))?.isDirectory() === true) return { folder, kind: "glob", glob };
  }
  throw new SopsFailure(SOPS_EXIT.noFile, `Error: cannot operate on non-existent file "${path}"`);
}

/** Matches part by part; `**` takes any number of parts. Bounded by the product of both lengths. */
function matchesPath(glob: PathGlob, path: readonly string[]): boolean {
  let reach = [true, ...path.map(() => false)];
  for (const part of glob) {
    const next = reach.map(() => false);
    for (let taken = 0; taken <= path.length; taken++) {
      if (part === undefined) next[taken] = reach[taken] === true || (taken > 0 && next[taken - 1] === true);
      else if (taken > 0) next[taken] = reach[taken - 1] === true && matchesGlob(part, path[taken - 1] ?? "");
    }
    reach = next;
  }
  return reach[path.length] === true;
}

function commonFolder(paths: readonly string[]): string {
  if (paths.length === 1) return paths[0] ?? "/";
  let common = (paths[0] ?? "/").split("/");
  for (const path of paths.slice(1)) {
    const parts = path.split("/");
    const differs = common.findIndex((part, at) => part !== parts[at]);
    if (differs >= 0) common = common.slice(0, differs);
  }
  return common.join("/") || "/";
}
