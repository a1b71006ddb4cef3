import { isOldBoolean, resolveText } from "../../yaml/index.ts";
import type { Branch, Entry, List, Node } from "../values/value.ts";

const KEY = /^[A-Za-z_][\w./-]{0,100}$/;
/** Begins with a letter, a digit or `_`, and holds nothing that YAML has a meaning for. */
const PLAIN = /^[A-Za-z0-9_][\w./=+-]*(?: [\w./=+-]+)*$/;
const ENVELOPE =
  /^ENC\[AES256_GCM,data:[A-Za-z0-9+/=]+,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:(?:str|int|float|bool|time|bytes)\]$/;
/** Lines that begin and end with a mark of ASCII, the last one with a break. */
const LINES = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\n)+$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
const OTHER_BREAK = /[\u0085\u2028\u2029]/;
/** Nested deeper, a document is left to the whole printer. */
const MAX_DEPTH = 60;

/**
 * Prints a mapping without comments: entries that are a word and a simple text, lines or a list of such mappings line by
 * line, which takes a tenth of the time of the whole printer, all others by `printEntry`, each as a document of its own.
 * Undefined for a mapping that has comments or nothing in it: these depend on what stands around them.
 *
 * @param indent - Columns of one level, 2 to 9.
 */
export function writePlainBranch(
  document: Branch,
  indent: number,
  printEntry: (entry: Entry) => string,
): string | undefined {
  const parts: string[] = [];
  return addBranch(document, 0, 0, { indent, printEntry, parts }) ? parts.join("") : undefined;
}

interface Output {
  readonly indent: number;
  /** Undefined in a list, where what an entry looks like depends on the column. */
  readonly printEntry: ((entry: Entry) => string) | undefined;
  readonly parts: string[];
}

/** Adds the entries from `column` on; each begins with a part that is the blanks before it. */
function addBranch({ items }: Branch, column: number, depth: number, output: Output): boolean {
  if (items.length === 0 || depth > MAX_DEPTH) return false;
  const { parts, printEntry } = output;
  const prefix = " ".repeat(column);
  for (const item of items) {
    if (item.kind === "comment") return false;
    const { key, value } = item;
    if (isPlainKey(key)) {
      const text = plainText(value);
      if (text !== undefined) {
        parts.push(prefix, key, ": ", text, "\n");
        continue;
      }
      const length = parts.length;
      if (addBelow(key, value, column, depth, output)) continue;
      parts.length = length;
    }
    if (printEntry === undefined) return false;
    const printed = printEntry(item);
    // Texts that run over several lines in quotes are indented by what is around them.
    if (column > 0 && OTHER_BREAK.test(printed)) return false;
    parts.push(indented(printed, prefix));
  }
  return true;
}

/** Adds a value that stands in the lines below its key. What is added when it returns false does not count. */
function addBelow(key: string, value: Node, column: number, depth: number, output: Output): boolean {
  const { indent, parts } = output;
  const inner = indent * Math.floor(column / indent + 1);
  if (typeof value === "string") {
    if (!LINES.test(value)) return false;
    parts.push(" ".repeat(column), key, ": |\n", indented(value, " ".repeat(inner)));
    return true;
  }
  if (typeof value !== "object" || value === null) return false;
  parts.push(" ".repeat(column), key, ":\n");
  if (value.kind === "branch") return addBranch(value, inner, depth + 1, output);
  return value.kind === "list" && addList(value, inner, depth + 1, output);
}

/** Adds a list of mappings, with their dashes in `column`. */
function addList({ items }: List, column: number, depth: number, output: Output): boolean {
  const { indent, parts } = output;
  if (items.length === 0) return false;
  for (const item of items) {
    const first = parts.length;
    if (!isBranch(item) || !addBranch(item, column + 2, depth, { indent, parts, printEntry: undefined })) return false;
    parts[first] = `${" ".repeat(column)}- `;
  }
  return true;
}

function isBranch(node: List["items"][number]): node is Branch {
  return typeof node === "object" && node !== null && node.kind === "branch";
}

function isPlainKey(key: string): boolean {
  return KEY.test(key) && isText(key);
}

/** A value as it is printed in plain style; undefined when that takes a closer look. */
function plainText(node: Node): string | undefined {
  switch (typeof node) {
    case "string":
      if (ENVELOPE.test(node) || (PLAIN.test(node) && isText(node))) return node;
      // It would be read as a time without the quotes.
      return TIME.test(node) && resolveText(node, "v3").tag === "!!timestamp" ? `"${node}"` : undefined;
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
