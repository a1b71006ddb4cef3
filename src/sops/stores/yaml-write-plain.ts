import { isOldBoolean, resolveText } from "../../yaml/index.ts";
import type { Branch, Entry, Node } from "../values/value.ts";

const KEY = /^[A-Za-z_][\w./-]{0,100}$/;
/** Begins with a letter, and holds nothing that YAML has a meaning for. */
const PLAIN = /^[A-Za-z][\w./=+-]*(?: [\w./=+-]+)*$/;
const ENVELOPE =
  /^ENC\[AES256_GCM,data:[A-Za-z0-9+/=]+,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:(?:str|int|float|bool|time|bytes)\]$/;
const OTHER_BREAK = /[\u0085\u2028\u2029]/;
/** Nested deeper, a document is left to the whole printer. */
const MAX_DEPTH = 60;

/**
 * Prints a mapping without comments: entries that are a word and a simple text line by line, which takes a tenth of the
 * time of the whole printer, all others by `printEntry`, each as a document of its own. Undefined for a mapping that has
 * comments or nothing in it: these depend on what stands around them.
 *
 * @param indent - Columns of one level, 2 to 9.
 */
export function writePlainBranch(
  document: Branch,
  indent: number,
  printEntry: (entry: Entry) => string,
): string | undefined {
  const parts: string[] = [];
  return addBranch(document, "", 0, { indent, printEntry, parts }) ? parts.join("") : undefined;
}

interface Output {
  readonly indent: number;
  readonly printEntry: (entry: Entry) => string;
  readonly parts: string[];
}

function addBranch({ items }: Branch, prefix: string, depth: number, output: Output): boolean {
  if (items.length === 0 || depth > MAX_DEPTH) return false;
  for (const item of items) {
    if (item.kind === "comment") return false;
    const { key, value } = item;
    const text = isPlainKey(key) ? plainText(value) : undefined;
    if (text !== undefined) output.parts.push(prefix, key, ": ", text, "\n");
    else if (!(isPlainKey(key) && isBranch(value) && addBelow(key, value, prefix, depth, output))) {
      const printed = output.printEntry(item);
      // Texts that run over several lines in quotes are indented by what is around them.
      if (prefix !== "" && OTHER_BREAK.test(printed)) return false;
      output.parts.push(indented(printed, prefix));
    }
  }
  return true;
}

function addBelow(key: string, value: Branch, prefix: string, depth: number, output: Output): boolean {
  const length = output.parts.push(prefix, key, ":\n");
  if (addBranch(value, prefix + " ".repeat(output.indent), depth + 1, output)) return true;
  output.parts.length = length - 3;
  return false;
}

function isBranch(node: Node): node is Branch {
  return typeof node === "object" && node !== null && node.kind === "branch";
}

function isPlainKey(key: string): boolean {
  return KEY.test(key) && isText(key);
}

/** A value as it is printed in plain style; undefined when that takes a closer look. */
function plainText(node: Node): string | undefined {
  switch (typeof node) {
    case "string":
      return ENVELOPE.test(node) || (PLAIN.test(node) && isText(node)) ? node : undefined;
    case "bigint":
    case "boolean":
      return String(node);
    default:
      return node === null ? "null" : undefined;
  }
}

function isText(text: string): boolean {
  return resolveText(text, "v3").tag === "!!str" && !isOldBoolean(text);
}

function indented(text: string, prefix: string): string {
  return prefix === "" ? text : text.replace(/^(?=[^\n])/gm, prefix);
}
