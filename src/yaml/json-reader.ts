import { JSON_ESCAPES } from "../bytes/json-escapes.ts";
import { placeOf, YamlError, type YamlErrorCode, type YamlWarning } from "./errors.ts";
import { exact } from "./go-number.ts";
import { YAML_LIMITS, type YamlLimits } from "./limits.ts";
import { setOwn, type YamlValue } from "./yaml-value.ts";

/**
 * A JSON value with everything that a plain JavaScript value loses: order and repetition of keys, the text of numbers
 * (which tells 5 from 5.0 and keeps any precision), and the offset in the text.
 */
export type JsonNode =
  | { readonly kind: "null"; readonly at: number }
  | { readonly kind: "boolean"; readonly at: number; readonly value: boolean }
  | { readonly kind: "number"; readonly at: number; readonly text: string; readonly isInteger: boolean }
  | { readonly kind: "string"; readonly at: number; readonly value: string }
  | { readonly kind: "array"; readonly at: number; readonly items: readonly JsonNode[] }
  | { readonly kind: "object"; readonly at: number; readonly members: readonly JsonMember[] };

export interface JsonMember {
  readonly key: string;
  readonly at: number;
  readonly value: JsonNode;
}

export interface JsonReadOptions {
  /** `strict` (the default) refuses duplicate keys; `lenient` reports them. */
  readonly mode?: "strict" | "lenient";
  readonly source?: string;
  readonly limits?: Partial<YamlLimits>;
}

export interface ParsedJson {
  readonly values: readonly JsonNode[];
  readonly warnings: readonly YamlWarning[];
}

/**
 * Reads JSON (RFC 8259) strictly: no comments, no trailing commas, no lone surrogates in the text.
 *
 * @throws {YamlError} `JSON_SYNTAX`, `JSON_DUPLICATE_KEY` (strict), `YAML_TOO_DEEP`, `YAML_TOO_LARGE`, `YAML_NOT_UTF8`.
 */
export function parseJson(input: string | Uint8Array, options: JsonReadOptions = {}): JsonNode {
  const reader = new JsonReader(input, options);
  const value = reader.value(0);
  reader.finish();
  return value;
}

/** Reads JSON values one after the other, as a JSON decoder of Go does with a stream. */
export function parseJsonStream(input: string | Uint8Array, options: JsonReadOptions = {}): ParsedJson {
  const reader = new JsonReader(input, options);
  const values: JsonNode[] = [];
  while (!reader.atEnd()) values.push(reader.nextValue());
  return { values, warnings: reader.warnings };
}

class JsonReader {
  readonly warnings: YamlWarning[] = [];
  private readonly text: string;
  private readonly options: JsonReadOptions;
  private readonly limits: YamlLimits;
  private readonly number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
  private documents = 0;
  private nodes = 0;
  private pos = 0;

  constructor(input: string | Uint8Array, options: JsonReadOptions) {
    this.options = options;
    this.limits = { ...YAML_LIMITS, ...options.limits };
    if (input.length > this.limits.maxInputLength) {
      this.text = "";
      throw this.failure(`more than ${this.limits.maxInputLength} characters`, 0, "YAML_TOO_LARGE");
    }
    this.text = typeof input === "string" ? input : this.decode(input);
  }

  private decode(bytes: Uint8Array): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new YamlError("YAML_NOT_UTF8", "the text is not UTF-8", {
        at: { line: 1, column: 1, offset: 0 },
        source: this.options.source,
      });
    }
  }

  atEnd(): boolean {
    this.skipSpace();
    return this.pos >= this.text.length;
  }

  /** The next value of a stream. */
  nextValue(): JsonNode {
    if (this.documents > this.limits.maxDocuments) {
      throw this.failure(`more than ${this.limits.maxDocuments} values`, this.pos, "YAML_TOO_LARGE");
    }
    const value = this.value(0);
    this.documents++;
    return value;
  }

  finish(): void {
    if (!this.atEnd()) throw this.failure("more text behind the end of the value");
  }

  value(depth: number): JsonNode {
    if (depth > this.limits.maxDepth) {
      throw this.failure(`nested deeper than ${this.limits.maxDepth} levels`, this.pos, "YAML_TOO_DEEP");
    }
    if (++this.nodes > this.limits.maxNodes) {
      throw this.failure(`more than ${this.limits.maxNodes} values`, this.pos, "YAML_TOO_LARGE");
    }
    this.skipSpace();
    const at = this.pos;
    switch (this.text.charAt(at)) {
      case "{":
        return { kind: "object", at, members: this.members(depth) };
      case "[":
        return { kind: "array", at, items: this.items(depth) };
      case '"':
        return { kind: "string", at, value: this.string() };
      case "t":
        this.word("true");
        return { kind: "boolean", at, value: true };
      case "f":
        this.word("false");
        return { kind: "boolean", at, value: false };
      case "n":
        this.word("null");
        return { kind: "null", at };
      default:
        return this.numberAt(at);
    }
  }

  private numberAt(at: number): JsonNode {
    this.number.lastIndex = at;
    const match = this.number.exec(this.text);
    if (match === null) throw this.failure(at >= this.text.length ? "the text ends too early" : "a value is expected");
    const [text] = match;
    this.pos = at + text.length;
    return { kind: "number", at, text, isInteger: !/[.eE]/.test(text) };
  }

  private word(word: string): void {
    if (!this.text.startsWith(word, this.pos)) throw this.failure("a value is expected");
    this.pos += word.length;
  }

  private items(depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    this.pos++;
    if (this.skipTo("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.another("]"));
    return items;
  }

  private members(depth: number): JsonMember[] {
    const members: JsonMember[] = [];
    const seen = new Map<string, number>();
    this.pos++;
    if (this.skipTo("}")) return members;
    do {
      this.skipSpace();
      const at = this.pos;
      if (this.text.charAt(at) !== '"') throw this.failure("a key in double quotes is expected");
      const key = this.string();
      const first = seen.get(key);
      if (first === undefined) seen.set(key, at);
      else this.repeated(key, at, first);
      if (!this.skipTo(":")) throw this.failure("a colon is expected behind the key");
      members.push({ key, at, value: this.value(depth + 1) });
    } while (this.another("}"));
    return members;
  }

  private repeated(key: string, at: number, first: number): void {
    if (this.warnings.length >= this.limits.maxWarnings) return;
    const problem = `the key ${JSON.stringify(key)} is there twice (first in line ${placeOf(this.text, first).line})`;
    if (this.options.mode !== "lenient") throw this.failure(problem, at, "JSON_DUPLICATE_KEY");
    this.warnings.push({
      code: "JSON_DUPLICATE_KEY",
      message: problem,
      at: placeOf(this.text, at),
      document: this.documents,
      upstream: undefined,
    });
  }

  /** True when a comma follows, false at the closing character; both are stepped over. */
  private another(close: string): boolean {
    if (this.skipTo(",")) return true;
    if (this.skipTo(close)) return false;
    throw this.failure(this.pos >= this.text.length ? "the text ends too early" : `a comma or "${close}" is expected`);
  }

  private skipTo(character: string): boolean {
    this.skipSpace();
    if (this.text.charAt(this.pos) !== character) return false;
    this.pos++;
    return true;
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.pos);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.pos++;
    }
  }

  private string(): string {
    const { text } = this;
    let result = "";
    let from = ++this.pos;
    for (;;) {
      const code = text.charCodeAt(this.pos);
      if (code === 34) break;
      if (Number.isNaN(code)) throw this.failure("the text ends inside a string");
      if (code < 32) throw this.failure("a control character must be escaped");
      if (code === 92) {
        result += text.slice(from, this.pos) + this.escape();
        from = this.pos;
      } else {
        this.pos++;
      }
    }
    result += text.slice(from, this.pos);
    this.pos++;
    return result;
  }

  private escape(): string {
    const letter = this.text.charAt(this.pos + 1);
    const simple = JSON_ESCAPES.get(letter);
    if (simple !== undefined) {
      this.pos += 2;
      return simple;
    }
    const unit = this.unicodeUnit(this.pos);
    if (unit === undefined) throw this.failure("an unknown escape in a string");
    this.pos += 6;
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    // Half a pair becomes U+FFFD, as Go reads it.
    const second = unit < 0xdc00 ? this.unicodeUnit(this.pos) : undefined;
    if (second === undefined || second < 0xdc00 || second > 0xdfff) return "\ufffd";
    this.pos += 6;
    return String.fromCharCode(unit, second);
  }

  private unicodeUnit(at: number): number | undefined {
    const text = this.text.slice(at, at + 6);
    return /^\\u[0-9A-Fa-f]{4}$/.test(text) ? Number.parseInt(text.slice(2), 16) : undefined;
  }

  private failure(problem: string, offset = this.pos, code: YamlErrorCode = "JSON_SYNTAX"): YamlError {
    return new YamlError(code, problem, { at: placeOf(this.text, offset), source: this.options.source });
  }
}

/**
 * The plain value of a JSON node: integers beyond 2^53 as BigInt, other numbers as double, the last of repeated keys.
 */
export function jsonValue(node: JsonNode): YamlValue {
  switch (node.kind) {
    case "null":
      return null;
    case "boolean":
    case "string":
      return node.value;
    case "number":
      return node.isInteger ? exactInteger(node.text) : Number(node.text);
    case "array":
      return node.items.map(jsonValue);
    case "object": {
      const result: { [key: string]: YamlValue } = {};
      for (const { key, value } of node.members) {
        setOwn(result, key, jsonValue(value));
      }
      return result;
    }
  }
}

/** Longer digit strings are doubles: nothing in Kubernetes is wider than 64 bits. */
const MAX_INTEGER_LENGTH = 20;

function exactInteger(text: string): number | bigint {
  if (text.length < 16) return Number(text);
  return text.length <= MAX_INTEGER_LENGTH ? exact(BigInt(text)) : Number(text);
}
