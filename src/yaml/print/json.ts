import { JSON_SHORT_FORMS } from "../../bytes/json-escapes.ts";
import { YamlError } from "../errors.ts";
import { formatJsonNumber } from "../go-number.ts";
import { YAML_LIMITS } from "../limits.ts";

export interface PrintJsonOptions {
  /** Spaces or text per level; `""` prints one line without blanks. @defaultValue "" */
  readonly indent?: string;
  /** Sort the keys of every object by their bytes, as Go does with maps. @defaultValue false */
  readonly sortKeys?: boolean;
  /** Write `<`, `>` and `&` as `\u003c`, `\u003e`, `\u0026`, as Go does unless told otherwise. @defaultValue true */
  readonly escapeHtml?: boolean;
}

/** A number as it is to stand in the text, such as `5.0` or one of any length. */
export class JsonNumberText {
  readonly text: string;

  /** @throws {RangeError} when `text` is no JSON number. */
  constructor(text: string) {
    if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/.test(text)) {
      throw new RangeError("JsonNumberText: expected a JSON number");
    }
    this.text = text;
  }
}

/**
 * Prints a value as Go's encoding/json does. Takes BigInt (exact) and `JsonNumberText`; a Map keeps its order and may
 * hold any key. Properties that are undefined are left out. No line break at the end.
 *
 * Source: Go, encoding/json: Marshal, MarshalIndent, Encoder.SetEscapeHTML.
 *
 * @throws {YamlError} `YAML_UNPRINTABLE` for functions, symbols, NaN and infinity, `YAML_TOO_DEEP`.
 */
export function printJson(value: unknown, options: PrintJsonOptions = {}): string {
  return new JsonPrinter(options).print(value, 0);
}

class JsonPrinter {
  private readonly indent: string;
  private readonly sortKeys: boolean;
  private readonly escapes: RegExp;

  constructor(options: PrintJsonOptions) {
    this.indent = options.indent ?? "";
    this.sortKeys = options.sortKeys ?? false;
    this.escapes = (options.escapeHtml ?? true) ? ESCAPED_HTML : ESCAPED;
  }

  print(value: unknown, depth: number): string {
    if (depth > YAML_LIMITS.maxDepth) {
      throw new YamlError("YAML_TOO_DEEP", `the value is nested deeper than ${YAML_LIMITS.maxDepth} levels`, {
        at: NOWHERE,
      });
    }
    if (value === null || value === undefined) return "null";
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "boolean":
        return value ? "true" : "false";
      case "bigint":
        return value.toString();
      case "number":
        if (!Number.isFinite(value)) throw unprintable(`the number ${value}`);
        return formatJsonNumber(value);
      case "object":
        return this.object(value, depth);
      default:
        throw unprintable(`a ${typeof value}`);
    }
  }

  private object(value: object, depth: number): string {
    if (value instanceof JsonNumberText) return value.text;
    if (Array.isArray(value)) {
      return this.join(
        "[",
        value.map((item) => this.print(item, depth + 1)),
        "]",
        depth,
      );
    }
    const entries: [string, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
    const present = entries.filter(([, member]) => member !== undefined);
    if (this.sortKeys) present.sort(([a], [b]) => compareBytes(a, b));
    const colon = this.indent === "" ? ":" : ": ";
    return this.join(
      "{",
      present.map(([key, member]) => this.string(key) + colon + this.print(member, depth + 1)),
      "}",
      depth,
    );
  }

  private join(open: string, parts: readonly string[], close: string, depth: number): string {
    if (parts.length === 0) return open + close;
    if (this.indent === "") return open + parts.join(",") + close;
    const line = `\n${this.indent.repeat(depth + 1)}`;
    return `${open}${line}${parts.join(`,${line}`)}\n${this.indent.repeat(depth)}${close}`;
  }

  private string(text: string): string {
    this.escapes.lastIndex = 0;
    return this.escapes.test(text) ? `"${text.replace(this.escapes, escaped)}"` : `"${text}"`;
  }
}

const ESCAPED_HTML =
  /["\\\0-\x1f<>&\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPED = /["\\\0-\x1f\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escaped(character: string): string {
  const short = JSON_SHORT_FORMS.get(character);
  if (short !== undefined) return short;
  const code = character.charCodeAt(0);
  // Go replaces what is not Unicode.
  if (code >= 0xd800 && code <= 0xdfff) return "\\ufffd";
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Order of the UTF-8 bytes, which is the order of code points (not of UTF-16 units). */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    const leftPair = left >= 0xd800 && left <= 0xdfff;
    const rightPair = right >= 0xd800 && right <= 0xdfff;
    return leftPair === rightPair ? left - right : leftPair ? 1 : -1;
  }
  return a.length - b.length;
}

const NOWHERE = { line: 0, column: 0, offset: 0 };

function unprintable(what: string): YamlError {
  return new YamlError("YAML_UNPRINTABLE", `${what} has no form in JSON`, { at: NOWHERE });
}
