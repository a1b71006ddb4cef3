import { isOldBoolean, resolveText } from "../../../yaml/index.ts";
import { writeYamlNode } from "../../stores/yaml-write.ts";
import type { Leaf } from "../../values/value.ts";

export type QuoteStyle = "plain" | "single" | "double";

/** Where a scalar stands. */
export interface ScalarPlace {
  readonly style: QuoteStyle;
  /** Inside of brackets or braces, where more characters mean something. */
  readonly isFlow: boolean;
  /** What the lines of a block scalar in this place begin with; undefined where there can be none. */
  readonly blockIndent: string | undefined;
  readonly lineBreak: string;
}

/** A value as a scalar, in the style of its place where that style can hold it. */
export function scalarText(leaf: Leaf, place: ScalarPlace): string {
  if (typeof leaf !== "string") return writeYamlNode(leaf, undefined).trimEnd();
  const { style, isFlow, blockIndent, lineBreak } = place;
  if (style === "double") return doubleQuoted(leaf);
  if (style === "single" && !(isFlow && isPlainSafe(leaf, isFlow))) return singleQuoted(leaf) ?? doubleQuoted(leaf);
  if (isPlainSafe(leaf, isFlow)) return leaf;
  if (isOldBoolean(leaf)) return doubleQuoted(leaf);
  if (blockIndent !== undefined && isBlockSafe(leaf)) return blockText(leaf, blockIndent, lineBreak);
  return isFlow || /[\n\r]/.test(leaf) ? doubleQuoted(leaf) : (singleQuoted(leaf) ?? doubleQuoted(leaf));
}

/** The lines of a literal block scalar without its first line and its last line break. */
export function blockLines(text: string, indent: string, lineBreak: string): string {
  const lines = text.replace(/\n+$/, "").split("\n");
  return lines.map((line) => (line === "" ? "" : indent + line)).join(lineBreak);
}

function blockText(text: string, indent: string, lineBreak: string): string {
  const breaks = /\n*$/.exec(text)?.[0].length ?? 0;
  const chomping = breaks === 0 ? "-" : breaks === 1 ? "" : "+";
  return `|${chomping}${lineBreak}${blockLines(text, indent, lineBreak)}`;
}

/** Several lines that a literal block without an indentation indicator can hold; it must not depend on what follows it. */
function isBlockSafe(text: string): boolean {
  return /[^\n]\n/.test(text) && !/^[ \n\t]|\n\n$|[^\t\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text);
}

const FIRST = /^(?:[^\s\-?:,[\]{}#&*!|>'"%@`]|[-?:](?=[^\s,[\]{}]))/;
const NEVER = /[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|: |:$| #|^\s|\s$|^---|^\.\.\./;

function isPlainSafe(text: string, isFlow: boolean): boolean {
  if (!FIRST.test(text) || NEVER.test(text) || (isFlow && /[,[\]{}]|:[,[\]{}]/.test(text))) return false;
  return resolveText(text, "v3").tag === "!!str" && !isOldBoolean(text) && !BASE_60.test(text);
}

const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

function singleQuoted(text: string): string | undefined {
  return /[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text)
    ? undefined
    : `'${text.replaceAll("'", "''")}'`;
}

function doubleQuoted(text: string): string {
  // Every escape of JSON is one of YAML; these characters JSON leaves as they are, and YAML folds or refuses.
  return JSON.stringify(text).replace(
    /[\x7f-\xa0\u2028\u2029\ufeff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
