import { stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { parseConfig, type SopsConfig } from "../../../src/sops/index.ts";
import { CliError } from "../../errors.ts";
import { readFile } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { Doubts } from "../call/log.ts";

const CONFIG_NAME = ".sops.yaml";
const MISTAKEN_NAME = ".sops.yml";

/** Folders looked through, from the current one up. */
const MAX_FOLDERS = 100;

/** The file that holds a configuration. Plain data. */
export interface LocatedConfig {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** As people know it. */
  readonly shown: string;
}

export interface FoundConfig extends SopsConfig, LocatedConfig {}

/**
 * The configuration of a call: the file of `--config` or `SOPS_CONFIG`, else the nearest `.sops.yaml` from the current
 * folder upward. Undefined when there is none.
 *
 * @throws {SopsFailure} when the file that was named cannot be read. @throws {SopsError} `SOPS_BAD_CONFIG`.
 */
export async function findConfig(io: Io, named: string, doubts: Doubts): Promise<FoundConfig | undefined> {
  const located = await locateConfig(io, named, doubts);
  if (located === undefined) return undefined;
  return readConfigFile(located);
}

/** @throws {SopsError} `SOPS_BAD_CONFIG` */
export function readConfigFile(located: LocatedConfig): FoundConfig {
  return { ...parseConfig(located.bytes, located.shown), ...located };
}

/** The same, unread. @throws {SopsFailure} */
export async function locateConfig(io: Io, named: string, doubts: Doubts): Promise<LocatedConfig | undefined> {
  const wanted = named || (io.env["SOPS_CONFIG"] ?? "");
  if (wanted !== "") {
    const path = resolve(io.cwd, wanted);
    const bytes = await readConfig(io, path, wanted);
    if (bytes === undefined) throw unreadable(wanted, "no such file or directory");
    return { bytes, path, shown: wanted };
  }
  let folder = io.cwd;
  for (let level = 0; level < MAX_FOLDERS; level++) {
    const path = join(folder, CONFIG_NAME);
    const shown = relative(io.cwd, path);
    const bytes = await readConfig(io, path, shown);
    if (bytes !== undefined) return { bytes, path, shown };
    const mistaken = join(folder, MISTAKEN_NAME);
    if ((await stat(mistaken).catch(absent)) !== undefined) {
      const name = relative(io.cwd, mistaken);
      await doubts.raise(
        `ignoring "${name}" when searching for config file; the config file must be called "${CONFIG_NAME}"`,
      );
    }
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return undefined;
}

const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/** Undefined when there is no such file. @throws {SopsFailure} when there is one that cannot be read. */
async function readConfig(io: Io, path: string, shown: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(io, path, { maxBytes: MAX_CONFIG_BYTES });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === "CLI_FILE_MISSING") return undefined;
    throw unreadable(shown, error.code === "CLI_IS_DIRECTORY" ? "is a directory" : error.message);
  }
}

function unreadable(path: string, reason: string): SopsFailure {
  return new SopsFailure(SOPS_EXIT.generic, `could not read config file: open ${path}: ${reason}`);
}

function absent(): undefined {
  return undefined;
}

/** The path of a file as creation rules see it: relative to the configuration's folder when it is below it. */
export function pathForRules(io: Io, config: FoundConfig, file: string): string {
  const absolute = resolve(io.cwd, file);
  const base = `${dirname(config.path)}/`;
  return absolute.startsWith(base) ? absolute.slice(base.length) : absolute;
}
