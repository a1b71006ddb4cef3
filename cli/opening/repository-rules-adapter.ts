import { dirname, relative } from "node:path";
import type { SopsRule } from "../../src/keys/index.ts";
import { parseConfig, ruleFor, type SopsConfig, SopsError } from "../../src/sops/index.ts";
import { CliError } from "../errors.ts";
import { readFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";

const CONFIG_NAME = ".sops.yaml";
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

interface FolderConfig {
  readonly config: SopsConfig;
  /** The folder it is in. */
  readonly folder: string;
  /** As people know it. */
  readonly shown: string;
}

/** The creation rules of a repository: of the nearest `.sops.yaml` from a file's folder up to the top. */
export class RepositoryRules {
  readonly #io: Io;
  readonly #top: string;
  readonly #known = new Map<string, Promise<FolderConfig | undefined>>();

  /** @param top absolute; nothing above it is looked at. */
  constructor(io: Io, top: string) {
    this.#io = io;
    this.#top = top;
  }

  /** The keys that the first matching rule names. @throws {SopsError} `SOPS_BAD_CONFIG`, `SOPS_BAD_KEY`; {CliError} */
  async ruleFor(file: string): Promise<SopsRule> {
    const found = await this.#configFor(dirname(file));
    return { groups: matching(found, file)?.keyGroups(), indents: found?.config.indents };
  }

  /** The matching rule itself, with what it says of selectors; undefined when none matches. @throws as `ruleFor` */
  async creationRule(file: string) {
    return matching(await this.#configFor(dirname(file)), file);
  }

  #configFor(folder: string): Promise<FolderConfig | undefined> {
    const known = this.#known.get(folder) ?? this.#read(folder);
    this.#known.set(folder, known);
    return known;
  }

  async #read(folder: string): Promise<FolderConfig | undefined> {
    const path = `${folder}/${CONFIG_NAME}`;
    const shown = relative(this.#io.cwd, path);
    try {
      const bytes = await readFile(this.#io, path, { maxBytes: MAX_CONFIG_BYTES });
      return { config: parseConfig(bytes, shown), folder, shown };
    } catch (error) {
      if (!(error instanceof CliError && error.code === "CLI_FILE_MISSING")) throw error;
    }
    const isBelow = folder.startsWith(`${this.#top}/`);
    return isBelow ? await this.#configFor(dirname(folder)) : undefined;
  }
}

function matching(found: FolderConfig | undefined, file: string) {
  if (found?.config.creationRules === undefined) return undefined;
  try {
    return ruleFor(found.config.creationRules, file.slice(found.folder.length + 1), found.shown);
  } catch (error) {
    if (error instanceof SopsError && error.code === "SOPS_NO_RULE") return undefined;
    throw error;
  }
}
