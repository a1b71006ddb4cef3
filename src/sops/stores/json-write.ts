import { formatJsonNumber } from "../../yaml/index.ts";
import { SopsError, showPath } from "../errors.ts";
import { type Branch, type Entry, isComment, type List, type Node } from "../values/value.ts";
import { sequenceLength } from "./byte-text.ts";

/**
 * Prints a value as the original's JSON store does: one key or item a line, text escaped so that it is also safe inside
 * HTML, comments left out.
 *
 * @throws {SopsError} `SOPS_UNPRINTABLE` for infinities and NaN.
 */
export function writeJson(node: Node, { unit }: { unit: string }): string {
  const out: string[] = [];
  writeNode(node, out, unit, "\n", []);
  return out.join("");
}

/** The text of one level for an `indent` of the configuration: a tab by default and for -1, else so many blanks. */
export function indentUnit(indent: number | undefined): string {
  if (indent === undefined || indent === -1) return "\t";
  if (indent < -1) {
    const upstream = "Error marshaling to json: JSON Indentation parameter smaller than -1 is not accepted";
    throw new SopsError("SOPS_UNPRINTABLE", `Cannot print JSON with an indent of ${indent}: -1 is the smallest`, {
      upstream,
    });
  }
  return " ".repeat(indent);
}

function writeNode(node: Node, out: string[], unit: string, lineStart: string, path: string[]): void {
  if (typeof node === "object" && node !== null) {
    if (node.kind === "branch") writeBranch(node, out, unit, lineStart, path);
    else if (node.kind === "list") writeList(node, out, unit, lineStart, path);
    else out.push(node.kind === "time" ? quoteJson(node.text) : quoteBytes(node.bytes));
  } else if (typeof node === "string") {
    out.push(quoteJson(node));
  } else if (typeof node === "number") {
    out.push(Number.isFinite(node) ? formatJsonNumber(node) : refuse(path));
  } else {
    out.push(String(node));
  }
}

function writeBranch({ items }: Branch, out: string[], unit: string, lineStart: string, path: string[]): void {
  const entries = items.filter((item): item is Entry => item.kind === "entry");
  if (entries.length === 0) {
    out.push("{}");
    return;
  }
  const inner = lineStart + unit;
  let before = `{${inner}`;
  for (const { key, value } of entries) {
    out.push(before, quoteJson(key), ": ");
    path.push(key);
    writeNode(value, out, unit, inner, path);
    path.pop();
    before = `,${inner}`;
  }
  out.push(lineStart, "}");
}

function writeList({ items }: List, out: string[], unit: string, lineStart: string, path: string[]): void {
  const inner = lineStart + unit;
  let before = `[${inner}`;
  for (const item of items) {
    if (isComment(item)) continue;
    out.push(before);
    writeNode(item, out, unit, inner, path);
    before = `,${inner}`;
  }
  out.push(before.startsWith("[") ? "[]" : `${lineStart}]`);
}

function refuse(path: readonly string[]): never {
  throw new SopsError("SOPS_UNPRINTABLE", `Cannot print ${showPath(path)}: JSON has no infinity and no NaN`, {
    path: [...path],
    hints: ["--output-type yaml"],
  });
}

/** Text in double quotes, with `<`, `>`, `&` and the two Unicode line ends escaped. Source: Go's encoding/json. */
function quoteJson(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return `"${Buffer.from(text).toString().replace(ESCAPED, escapeOf)}"`;
}

const NEEDS_ESCAPE = /[\u0000-\u001f"\\<>&\u2028\u2029\ud800-\udfff]/;
const ESCAPED = /[\u0000-\u001f"\\<>&\u2028\u2029]/g;
const SHORT: ReadonlyMap<string, string> = new Map(
  Object.entries({ '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" }),
);

function escapeOf(character: string): string {
  return SHORT.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Bytes that are no UTF-8 become U+FFFD one by one, written as an escape. Source: Go's encoding/json. */
function quoteBytes(bytes: Uint8Array): string {
  let result = "";
  let from = 0;
  const flush = (to: number) => {
    result += quoteJson(Buffer.from(bytes.subarray(from, to)).toString()).slice(1, -1);
  };
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    flush(at);
    result += "\\ufffd";
    from = ++at;
  }
  flush(bytes.length);
  return `"${result}"`;
}
