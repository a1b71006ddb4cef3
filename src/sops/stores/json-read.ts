import { nameOf, SopsError } from "../errors.ts";
import { SOPS_LIMITS } from "../limits.ts";
import { fitsInt64 } from "../values/number.ts";
import type { Branch, Entry, List, Node } from "../values/value.ts";

/**
 * Reads one JSON object with its keys in order, repeated ones included. Integers keep 64 bits; other numbers are floats.
 * What follows the object is ignored, as the original does.
 *
 * @throws {SopsError} `SOPS_BAD_SYNTAX` for anything else, cut files included.
 */
export function readJsonObject(text: string, file: string | undefined): Branch {
  const reader = new JsonReader(text, file);
  return reader.document();
}

class JsonReader {
  readonly #text: string;
  readonly #file: string | undefined;
  #at = 0;

  constructor(text: string, file: string | undefined) {
    this.#text = text;
    this.#file = file;
  }

  document(): Branch {
    const first = this.#skipBlanks();
    if (first === OPEN_BRACE) return this.#branch(1);
    if (Number.isNaN(first)) throw this.#bad("it is empty", "EOF");
    if (first === OPEN_BRACKET) {
      throw this.#bad(
        "its top is a list; SOPS needs an object there",
        `${ONLY_OBJECTS} Got delimiter [ instead. ${WRAP}`,
      );
    }
    throw this.#bad("its top is not an object");
  }

  #branch(depth: number): Branch {
    this.#enter(depth);
    const items: Entry[] = [];
    let next = this.#skipBlanks();
    if (next === CLOSE_BRACE) {
      this.#at++;
      return { kind: "branch", items };
    }
    for (;;) {
      if (next !== QUOTE) throw this.#bad("a key in double quotes is wanted here");
      const key = this.#string();
      if (this.#skipBlanks() !== COLON) throw this.#bad('":" is wanted here');
      this.#at++;
      items.push({ kind: "entry", key, value: this.#value(depth) });
      next = this.#skipBlanks();
      this.#at++;
      if (next === CLOSE_BRACE) return { kind: "branch", items };
      if (next !== COMMA) throw this.#bad('"," or "}" is wanted here', undefined, this.#at - 1);
      next = this.#skipBlanks();
    }
  }

  #list(depth: number): List {
    this.#enter(depth);
    const items: Node[] = [];
    if (this.#skipBlanks() === CLOSE_BRACKET) {
      this.#at++;
      return { kind: "list", items };
    }
    for (;;) {
      items.push(this.#value(depth));
      const next = this.#skipBlanks();
      this.#at++;
      if (next === CLOSE_BRACKET) return { kind: "list", items };
      if (next !== COMMA) throw this.#bad('"," or "]" is wanted here', undefined, this.#at - 1);
    }
  }

  #enter(depth: number): void {
    if (depth > SOPS_LIMITS.maxDepth) {
      throw new SopsError(
        "SOPS_TOO_LARGE",
        `Cannot read ${nameOf(this.#file)}: ${this.#place(this.#at)}: it is nested deeper than ${SOPS_LIMITS.maxDepth} levels`,
        { file: this.#file },
      );
    }
    this.#at++;
  }

  #value(depth: number): Node {
    switch (this.#skipBlanks()) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#branch(depth + 1);
      case OPEN_BRACKET:
        return this.#list(depth + 1);
      default:
        return this.#literal();
    }
  }

  #literal(): Node {
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#bad("a value is wanted here");
    this.#at = NUMBER.lastIndex;
    const [literal, fraction, exponent] = match;
    if (fraction === undefined && exponent === undefined && literal.length <= MAX_INT64_LENGTH) {
      const value = BigInt(literal);
      if (fitsInt64(value)) return value;
    }
    const value = Number(literal);
    if (!Number.isFinite(value)) throw this.#bad("the number is too large for a float", undefined, match.index);
    return value;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code === BACKSLASH || code < BLANK) return this.#escapedString(start, at);
    }
    throw this.#bad("the string is not closed", undefined, start - 1);
  }

  #escapedString(start: number, firstEscape: number): string {
    const text = this.#text;
    let result = text.slice(start, firstEscape);
    let at = firstEscape;
    for (;;) {
      const from = at;
      while (at < text.length && isPlain(text.charCodeAt(at))) at++;
      result += text.slice(from, at);
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return wellFormed(result);
      }
      if (code !== BACKSLASH) {
        const why = Number.isNaN(code) ? "the string is not closed" : "a control character stands in a string";
        throw this.#bad(why, undefined, at);
      }
      const letter = text[at + 1] ?? "";
      if (letter === "u") {
        const hex = text.slice(at + 2, at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#bad("the \\u escape is not four hex digits", undefined, at);
        result += String.fromCharCode(Number.parseInt(hex, 16));
        at += 6;
      } else {
        const meant = ESCAPES.get(letter);
        if (meant === undefined) throw this.#bad("the escape is unknown", undefined, at);
        result += meant;
        at += 2;
      }
    }
  }

  /** Moves to the next character that is no blank and gives its code, NaN at the end. */
  #skipBlanks(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== BLANK && code !== LF && code !== CR && code !== TAB) return code;
      this.#at++;
    }
  }

  #place(at: number): string {
    const before = this.#text.slice(0, at);
    const line = before.split("\n").length;
    return `line ${line}, column ${at - before.lastIndexOf("\n")}`;
  }

  #bad(why: string, upstream?: string, at: number = this.#at): SopsError {
    const state = at >= this.#text.length && this.#text !== "" ? `${why}, but the file ends` : why;
    return new SopsError("SOPS_BAD_SYNTAX", `Cannot read ${nameOf(this.#file)}: ${this.#place(at)}: ${state}`, {
      file: this.#file,
      upstream: upstream === undefined ? undefined : `Could not unmarshal input data: ${upstream}`,
    });
  }
}

const ONLY_OBJECTS =
  "SOPS only supports JSON files with a top-level object (starting with '{'), not arrays or other types.";
const WRAP = 'To encrypt this file, wrap it in an object, e.g., {"data": [...]}';

const MAX_INT64_LENGTH = 20;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const WORDS: readonly (readonly [string, boolean | null])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];
const ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({ '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }),
);

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function isPlain(code: number): boolean {
  return code >= BLANK && code !== QUOTE && code !== BACKSLASH;
}

/** Half a surrogate pair cannot be UTF-8: it becomes U+FFFD. */
function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text;
}
