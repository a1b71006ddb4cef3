import { binaryStore } from "./stores/binary.ts";
import { dotenvStore } from "./stores/dotenv.ts";
import { iniStore } from "./stores/ini.ts";
import { jsonStore } from "./stores/json.ts";
import type { Store } from "./stores/store.ts";
import { yamlStore } from "./stores/yaml.ts";

export type Format = "yaml" | "json" | "dotenv" | "ini" | "binary";

/** The format of a file by the end of its name, in lower case only, as the original decides. */
export function formatOfName(name: string): Format {
  for (const [ending, format] of ENDINGS) if (name.endsWith(ending)) return format;
  return "binary";
}

const ENDINGS: readonly (readonly [string, Format])[] = [
  [".yaml", "yaml"],
  [".yml", "yaml"],
  [".json", "json"],
  [".env", "dotenv"],
  [".ini", "ini"],
];

/** The format that a word names; undefined for an unknown word. */
export function formatOfWord(word: string): Format | undefined {
  return FORMATS.find((format) => format === word);
}

export const FORMATS: readonly Format[] = ["binary", "dotenv", "ini", "json", "yaml"];

/**
 * What reads and prints a format.
 *
 * @throws {RangeError} for another word, which a caller without types may give.
 */
export function storeOf(format: Format): Store {
  const store = Object.hasOwn(STORES, format) ? STORES[format] : undefined;
  if (store === undefined) throw new RangeError(`There is no such format of SOPS; there are ${FORMATS.join(", ")}`);
  return store;
}

const STORES: Readonly<Record<Format, Store>> = {
  binary: binaryStore,
  dotenv: dotenvStore,
  ini: iniStore,
  json: jsonStore,
  yaml: yamlStore,
};
