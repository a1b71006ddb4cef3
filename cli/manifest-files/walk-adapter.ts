import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ignoreRules } from "../../src/sources/index.ts";
import { CliError } from "../errors.ts";
import { errno, fileError } from "../files-adapter.ts";
import type { Io } from "../io.ts";

/** Bounds for a folder that somebody named by mistake. */
const MAX_FILES = 200_000;
const MAX_DEPTH = 64;
const MAX_IGNORE_BYTES = 1024 * 1024;

/** Folders that hold no manifests of anybody's own. */
const SKIPPED_FOLDERS = new Set([".git", "node_modules"]);
const MANIFEST = /\.(ya?ml|json)$/i;

/** The manifests below a folder. */
export interface ManifestFiles {
  /** Paths relative to the folder, with `/`, sorted. */
  readonly paths: readonly string[];
  /** Symbolic links, which are not followed. */
  readonly links: readonly string[];
}

/**
 * Every YAML and JSON file below a folder. `.git`, `node_modules` and folders that a `.gitignore` at or below the folder
 * leaves out are skipped; single files that it leaves out are not: clear text that must not be committed is ignored.
 *
 * @throws {CliError} when the folder cannot be read, or holds more than anybody meant.
 */
export async function manifestFiles(io: Io, folder: string): Promise<ManifestFiles> {
  const paths: string[] = [];
  const links: string[] = [];
  const ignoreFiles: { directory: string; text: string }[] = [];
  const root = resolve(io.cwd, folder);
  const waiting: { readonly path: string; readonly depth: number }[] = [{ path: "", depth: 0 }];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { path, depth } = at;
    if (depth > MAX_DEPTH) throw tooMuch(folder, `its folders nest deeper than ${MAX_DEPTH} levels`);
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch((cause: unknown) => {
      throw fileError("read", path === "" ? folder : join(folder, path), cause);
    });
    const ignore = await ignoreText(join(root, path));
    if (ignore !== undefined) ignoreFiles.push({ directory: path, text: ignore });
    const isIgnored = ignoreRules({ files: ignoreFiles });
    for (const entry of entries) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isSymbolicLink()) links.push(below);
      else if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name) && !isIgnored(`${below}/probe`))
          waiting.push({ path: below, depth: depth + 1 });
      } else if (entry.isFile() && MANIFEST.test(entry.name)) paths.push(below);
    }
    if (paths.length + waiting.length > MAX_FILES) throw tooMuch(folder, `it holds more than ${MAX_FILES} files`);
  }
  return { paths: paths.sort(), links: links.sort() };
}

async function ignoreText(folder: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(join(folder, ".gitignore"));
    return bytes.length > MAX_IGNORE_BYTES ? undefined : bytes.toString("utf8");
  } catch (cause) {
    if (["ENOENT", "EACCES", "EISDIR"].includes(errno(cause) ?? "")) return undefined;
    throw cause;
  }
}

function tooMuch(folder: string, state: string): CliError {
  return new CliError("CLI_BAD_INPUT", `Cannot go through "${folder}": ${state}`, {
    hints: ["name a smaller folder"],
  });
}
