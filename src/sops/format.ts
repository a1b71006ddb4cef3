import { nameOf, SopsError } from "./errors.ts";
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

/** @throws {SopsError} `SOPS_FORMAT_UNSUPPORTED` for the formats that are not there yet. */
export function storeOf(format: Format, file: string | undefined): Store {
  if (format === "yaml") return yamlStore;
  if (format === "json") return jsonStore;
  throw new SopsError(
    "SOPS_FORMAT_UNSUPPORTED",
    `Cannot use ${nameOf(file)}: the ${format} format is not supported yet`,
    {
      file,
      details: ["supported: yaml, json"],
      hints: ["if it is YAML under another name: --input-type yaml --output-type yaml"],
    },
  );
}
