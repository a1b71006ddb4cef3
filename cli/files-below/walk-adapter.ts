import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FolderWalk, MAX_FOLDER_DEPTH, pathBelow } from "../../src/files/walk-adapter.ts";
import { ignoreRules } from "../../src/sources/index.ts";
import { CliError } from "../errors.ts";
import { errno, fileError } from "../files-adapter.ts";
import type { Io } from "../io.ts";

/** Bounds for a folder that somebody named by mistake. */
const MAX_FILES = 200_000;
const MAX_IGNORE_BYTES = 1024 * 1024;

/** Folders that hold nothing of anybody's own. */
const SKIPPED_FOLDERS = new Set([".git", ".sealkit", "node_modules"]);
const MANIFEST = /\.(ya?ml|json)$/i;

/** The files below a folder. */
export interface FilesBelow {
  /** Paths relative to the base folder, with `/`, sorted. */
  readonly paths: readonly string[];
  /** Symbolic links, which are not followed. */
  readonly links: readonly string[];
  /** How many files a `.gitignore` leaves out. */
  readonly ignored: number;
}

export interface WalkOptions {
  /** The folder that paths are relative to. Each `.gitignore` from here on down counts. */
  readonly base: string;
  /** Where to begin, relative to the base; `""` for the base itself. */
  readonly from?: string | undefined;
  /** Which names are wanted. */
  readonly accepts: (name: string) => boolean;
  /** Whether single files that a `.gitignore` names are left out; folders that it names always are. */
  readonly leavesOutIgnored: boolean;
}

/**
 * Every YAML and JSON file below a folder. `.git`, `node_modules` and folders that a `.gitignore` at or below the folder
 * leaves out are skipped; single files that it leaves out are not: clear text that must not be committed is ignored.
 *
 * @throws {CliError} when the folder cannot be read, or holds more than anybody meant.
 */
export async function manifestFiles(io: Pick<Io, "cwd">, folder: string): Promise<FilesBelow> {
  return await filesBelow(io, { base: folder, accepts: (name) => MANIFEST.test(name), leavesOutIgnored: false });
}

/**
 * The wanted files below a folder, without `.git`, `node_modules`, and folders that a `.gitignore` leaves out.
 *
 * @throws {CliError} when a folder cannot be read, or holds more than anybody meant.
 */
export async function filesBelow(
  io: Pick<Io, "cwd">,
  { base, from = "", accepts, leavesOutIgnored }: WalkOptions,
): Promise<FilesBelow> {
  const paths: string[] = [];
  const links: string[] = [];
  let ignored = 0;
  const root = resolve(io.cwd, base);
  const ignoreFiles = await ignoreFilesAbove(root, from);
  const folders = new FolderWalk(root, from);
  for await (const { path: bytes, entries, cause } of folders) {
    const path = bytes.toString();
    if (entries === undefined) throw fileError("read", path === "" ? base : join(base, path), cause);
    const hasIgnoreFile = entries.some((entry) => entry.name.toString() === ".gitignore" && entry.isFile());
    const ignore = hasIgnoreFile ? await ignoreText(join(root, path)) : undefined;
    if (ignore !== undefined) ignoreFiles.push({ directory: path, text: ignore });
    // An empty text of one's own puts the patterns for sources out of force.
    const isIgnored = ignoreRules({ files: ignoreFiles, ...(leavesOutIgnored ? { spec: "" } : {}) });
    for (const entry of entries) {
      const name = entry.name.toString();
      const below = path === "" ? name : `${path}/${name}`;
      if (entry.isSymbolicLink()) links.push(below);
      else if (entry.isDirectory()) {
        if (SKIPPED_FOLDERS.has(name) || isIgnored(`${below}/probe`)) continue;
        if (!folders.enter(pathBelow(bytes, entry.name))) {
          throw tooMuch(base, `its folders nest deeper than ${MAX_FOLDER_DEPTH} levels`);
        }
      } else if (entry.isFile() && accepts(name)) {
        if (leavesOutIgnored && isIgnored(below)) ignored++;
        else paths.push(below);
      }
    }
    if (paths.length + folders.waiting > MAX_FILES) throw tooMuch(base, `it holds more than ${MAX_FILES} files`);
  }
  return { paths: paths.sort(), links: links.sort(), ignored };
}

interface IgnoreFile {
  readonly directory: string;
  readonly text: string;
}

/** Whether the rules from the base on down leave out what is in a folder. */
export async function isIgnoredFolder(base: string, folder: string): Promise<boolean> {
  const probe = `${folder}/probe`;
  return ignoreRules({ files: await ignoreFilesAbove(base, probe), spec: "" })(probe);
}

async function ignoreFilesAbove(root: string, path: string): Promise<IgnoreFile[]> {
  const found: IgnoreFile[] = [];
  const parts = path === "" ? [] : path.split("/");
  for (let depth = 0; depth < parts.length; depth++) {
    const directory = parts.slice(0, depth).join("/");
    const text = await ignoreText(join(root, directory));
    if (text !== undefined) found.push({ directory, text });
  }
  return found;
}

async function ignoreText(folder: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(join(folder, ".gitignore"));
    return bytes.length > MAX_IGNORE_BYTES ? undefined : bytes.toString("utf8");
  } catch (cause) {
    if (["ENOENT", "ENOTDIR", "EACCES", "EISDIR"].includes(errno(cause) ?? "")) return undefined;
    throw cause;
  }
}

function tooMuch(folder: string, state: string): CliError {
  return new CliError("CLI_BAD_INPUT", `Cannot go through "${folder}": ${state}`, {
    hints: ["name a smaller folder"],
  });
}
