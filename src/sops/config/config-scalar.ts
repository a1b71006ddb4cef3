import type { Node } from "../values/value.ts";
import { badConfig } from "./config-node.ts";

/**
 * A text of a configuration, where any scalar may stand; `""` for none. A date is the text it was written as: the original's
 * reader knows that a text is wanted.
 *
 * @throws {SopsError} `SOPS_BAD_CONFIG`; `where` names the field.
 */
export function textOf(value: Node | undefined, where: string, file: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return String(value);
  if (value.kind === "time" && value.source !== undefined) return value.source;
  throw badConfig(file, `${where} is not a text`);
}

/** @throws {SopsError} `SOPS_BAD_CONFIG`; `where` names the field. */
export function truthOf(value: Node | undefined, where: string, file: string): boolean {
  if (value === undefined || value === null) return false;
  const truth = typeof value === "string" ? WORDS.get(value) : value;
  if (typeof truth === "boolean") return truth;
  throw badConfig(file, `${where} is neither true nor false`);
}

/** Whether a text stands for true or false in a configuration. */
export function isTruthWord(text: string): boolean {
  return WORDS.has(text);
}

/**
 * The words of YAML 1.1 for truth, which the original's reader takes, with and without quotes, where it knows that a boolean is
 * wanted. Source: seen of sops 3.13.3.
 */
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "off", "Off", "OFF"].map((word) => [word, false] as const),
]);
