import { readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { parseConfig, type SopsConfig } from "../../src/sops/index.ts";
import { errno } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";
import type { Doubts } from "./log.ts";

const CONFIG_NAME = ".sops.yaml";
const MISTAKEN_NAME = ".sops.yml";

/** Folders looked through, from the current one up. */
const MAX_FOLDERS = 100;

export interface FoundConfig extends SopsConfig {
  readonly path: string;
}

/**
 * The configuration of a call: the file of `--config` or `SOPS_CONFIG`, else the nearest `.sops.yaml` from the current
 * folder upward. Undefined when there is none.
 *
 * @throws {SopsFailure} when the file that was named cannot be read.
 */
export async function findConfig(io: Io, named: string, doubts: Doubts): Promise<FoundConfig | undefined> {
  const wanted = named || (io.env["SOPS_CONFIG"] ?? "");
  if (wanted !== "") {
    const path = resolve(io.cwd, wanted);
    const bytes = await readFile(path).catch((error: unknown) => {
      const reason = errno(error) === "ENOENT" ? "no such file or directory" : (errno(error) ?? "unreadable");
      throw new SopsFailure(SOPS_EXIT.generic, `could not read config file: open ${wanted}: ${reason}`);
    });
    return { ...parseConfig(bytes, wanted), path };
  }
  let folder = io.cwd;
  for (let level = 0; level < MAX_FOLDERS; level++) {
    const path = join(folder, CONFIG_NAME);
    const bytes = await readFile(path).catch(absent);
    if (bytes !== undefined) return { ...parseConfig(bytes, relative(io.cwd, path)), path };
    const mistaken = join(folder, MISTAKEN_NAME);
    if ((await stat(mistaken).catch(absent)) !== undefined) {
      const shown = relative(io.cwd, mistaken);
      await doubts.raise(
        `ignoring "${shown}" when searching for config file; the config file must be called "${CONFIG_NAME}"`,
      );
    }
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return undefined;
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
