import { resolveText } from "../../yaml/index.ts";
import { fitsInt64 } from "../values/number.ts";
import type { Branch, Entry, Leaf, List, Node } from "../values/value.ts";

/** Larger texts, and deeper ones, are left to the whole reader and its bounds. */
const MAX_LENGTH = 64 * 1024 * 1024;
const MAX_DEPTH = 60;

/** Printable ASCII and line feeds. */
const SIMPLE_TEXT = /^[\x20-\x7e\n]*$/;
const KEY = /^[A-Za-z_][\w./-]{0,200}$/;
/** First characters that begin nothing but plain text or a number. */
const PLAIN = /^(?:[A-Za-z0-9_./$()+^;]|-[0-9])/;
const QUOTED = /^"[^"\\]*"$/;

/** A line, or what it says, is not one of the simple forms. */
const OTHER = Symbol("other");

/**
 * Reads YAML in the forms that SOPS itself writes where nothing needs more: one document in block style without comments,
 * lists of scalars and mappings, texts plain, in simple double quotes or as literal blocks. It takes a third of the time of
 * the whole reader. Undefined for everything else, wrong or right: this never decides that a text is no YAML.
 */
export function readPlainYaml(input: Uint8Array): Branch | undefined {
  if (input.length === 0 || input.length > MAX_LENGTH) return undefined;
  const text = Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString("latin1");
  if (!SIMPLE_TEXT.test(text) || !text.endsWith("\n")) return undefined;
  const lines = text.slice(0, -1).split("\n");
  const reader = new LineReader(lines);
  const document = reader.branch(0, 0);
  return document === OTHER || !reader.isDone ? undefined : document;
}

class LineReader {
  readonly #lines: string[];
  #at = 0;

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  get isDone(): boolean {
    return this.#at >= this.#lines.length;
  }

  /** The entries whose keys stand in column `indent`. */
  branch(indent: number, depth: number): Branch | typeof OTHER {
    if (depth > MAX_DEPTH) return OTHER;
    const items: Entry[] = [];
    const keys = new Set<string>();
    for (let line = this.#lineIn(indent); line !== undefined; line = this.#lineIn(indent)) {
      const colon = line.indexOf(":", indent);
      const key = line.slice(indent, colon);
      if (colon < 0 || !KEY.test(key) || keys.has(key) || resolveText(key, "v3").tag !== "!!str") return OTHER;
      keys.add(key);
      this.#at++;
      const value = this.#value(line, colon, indent, depth);
      if (value === OTHER) return OTHER;
      items.push({ kind: "entry", key, value });
    }
    return items.length === 0 ? OTHER : { kind: "branch", items };
  }

  #value(line: string, colon: number, indent: number, depth: number): Node | typeof OTHER {
    if (colon + 1 === line.length) return this.#below(indent, depth);
    if (line.charCodeAt(colon + 1) !== SPACE) return OTHER;
    const text = line.slice(colon + 2);
    if (text === "{}") return { kind: "branch", items: [] };
    if (text === "[]") return { kind: "list", items: [] };
    return text === "|" ? this.#literal(indent) : scalar(text);
  }

  /** What stands in the lines below a key, further in than it. */
  #below(indent: number, depth: number): Node | typeof OTHER {
    const line = this.#lines[this.#at] ?? "";
    const column = indentOf(line);
    if (column <= indent) return OTHER;
    return line.charCodeAt(column) === DASH ? this.#list(column, depth + 1) : this.branch(column, depth + 1);
  }

  #list(indent: number, depth: number): List | typeof OTHER {
    if (depth > MAX_DEPTH) return OTHER;
    const items: Node[] = [];
    for (let line = this.#lineIn(indent); line !== undefined; line = this.#lineIn(indent)) {
      if (!line.startsWith("- ", indent)) return OTHER;
      const text = line.slice(indent + 2);
      let item: Node | typeof OTHER;
      if (text.includes(": ") || text.endsWith(":")) {
        // The first key stands where the others do when the dash is a blank.
        this.#lines[this.#at] = `${" ".repeat(indent + 2)}${text}`;
        if (text.startsWith(" ")) return OTHER;
        item = this.branch(indent + 2, depth + 1);
      } else {
        this.#at++;
        item = scalar(text);
      }
      if (item === OTHER) return OTHER;
      items.push(item);
    }
    return items.length === 0 ? OTHER : { kind: "list", items };
  }

  /** A block after `|`: at least one line, none of them empty. */
  #literal(indent: number): string | typeof OTHER {
    const column = indentOf(this.#lines[this.#at] ?? "");
    if (column <= indent) return OTHER;
    let text = "";
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[this.#at]) {
      const own = indentOf(line);
      if (own === line.length) return OTHER;
      if (own < column) break;
      text += `${line.slice(column)}\n`;
      this.#at++;
    }
    return text;
  }

  /** The next line if it begins in that column; one that begins further in belongs to nothing and is left to stop at. */
  #lineIn(indent: number): string | undefined {
    const line = this.#lines[this.#at];
    return line !== undefined && indentOf(line) === indent ? line : undefined;
  }
}

const SPACE = 0x20;
const DASH = 0x2d;

function indentOf(line: string): number {
  let at = 0;
  while (line.charCodeAt(at) === SPACE) at++;
  return at;
}

function scalar(text: string): Leaf | typeof OTHER {
  if (text.charCodeAt(0) === 0x22) return QUOTED.test(text) ? text.slice(1, -1) : OTHER;
  if (!PLAIN.test(text) || text.includes(": ") || text.includes(" #")) return OTHER;
  const last = text.charCodeAt(text.length - 1);
  if (last === SPACE || last === 0x3a) return OTHER;
  const resolved = resolveText(text, "v3");
  switch (resolved.tag) {
    case "!!str":
    case "!!bool":
    case "!!null":
      return resolved.value;
    case "!!int": {
      const value = BigInt(resolved.value);
      return fitsInt64(value) ? value : OTHER;
    }
    default:
      return OTHER;
  }
}
