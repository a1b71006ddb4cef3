import { encodeBase64 } from "../../../bytes/base64.ts";
import { JSON_SHORT_FORMS } from "../../../bytes/json-escapes.ts";
import { GoError } from "../../value/go-error.ts";
import { byteLength } from "../../value/go-string.ts";
import { GoBytes, GoInt, GoMap, GoObject, GoSlice, type GoValue, NoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { typeName } from "../../value/reflection.ts";
import { deeper } from "../collections/depth.ts";

export interface JsonStyle {
  /** Whether `<`, `>` and `&` are written as escapes, so that the text may stand in HTML. */
  readonly escapesHtml: boolean;
  /** Two spaces for each level, each element on its own line. */
  readonly isIndented?: boolean;
}

/**
 * Writes JSON as Go's `encoding/json` does: keys in the order of their bytes, bytes in Base64.
 *
 * Source: Go 1.26, package `encoding/json`.
 *
 * @throws GoError for NaN, infinity, complex numbers and what holds itself
 */
export function writeJson(value: GoValue, style: JsonStyle, host: Host): string {
  const writer = new JsonWriter(style, host);
  writer.value(value, 0);
  return writer.text();
}

/** From this level on Go watches for a value within itself. The writer that escapes no HTML is a level further. */
const WATCHED_DEPTH = 1_000;

class JsonWriter {
  private readonly pieces: string[] = [];
  private readonly around = new Set<object>();
  private readonly style: JsonStyle;
  private readonly host: Host;

  constructor(style: JsonStyle, host: Host) {
    this.style = style;
    this.host = host;
  }

  text(): string {
    return this.pieces.join("");
  }

  value(value: GoValue, depth: number): void {
    if (value === null || value instanceof NoValue || isNil(value)) this.write("null");
    else if (typeof value === "string") this.write(this.quoted(value));
    else if (typeof value === "boolean") this.write(String(value));
    else if (typeof value === "number") this.write(numberText(value));
    else if (value instanceof GoInt) this.write(String(value.value));
    else if (value instanceof GoBytes) this.write(`"${encodeBase64(value.bytes)}"`);
    else if (value instanceof GoSlice) this.slice(value, depth);
    else if (value instanceof GoMap) this.map(value, depth);
    else if (value instanceof GoObject) this.object(value, depth);
    else throw new GoError(`json: unsupported type: ${typeName(value)}`);
  }

  private slice(value: GoSlice, depth: number): void {
    this.within(value, depth, () => {
      const parts = value.items.map((item) => ["", item] as const);
      this.container("[", parts, "]", depth);
    });
  }

  private map(value: GoMap, depth: number): void {
    this.within(value, depth, () => {
      const parts = value.sortedKeys().map((key) => [this.key(key), value.entries.get(key) ?? null] as const);
      this.container("{", parts, "}", depth);
    });
  }

  private object(value: GoObject, depth: number): void {
    if (value.type.json !== undefined) {
      this.value(value.type.json(value.state), deeper(depth));
    } else {
      const fields = [...(value.type.fields ?? [])];
      const parts = fields.map(([name, field]) => [this.key(name), field.read(value.state)] as const);
      this.container("{", parts, "}", depth);
    }
  }

  private container(open: string, parts: readonly (readonly [string, GoValue])[], close: string, depth: number): void {
    const inner = deeper(depth);
    this.write(open);
    for (const [at, [key, item]] of parts.entries()) {
      if (at > 0) this.write(",");
      this.newLine(inner);
      this.write(key);
      this.value(item, inner);
    }
    if (parts.length > 0) this.newLine(depth);
    this.write(close);
  }

  private within(value: GoMap | GoSlice, depth: number, write: () => void): void {
    if (this.around.has(value)) {
      throw new GoError(`json: unsupported value: encountered a cycle via ${value.type}`);
    }
    if (depth >= WATCHED_DEPTH - (this.style.escapesHtml ? 0 : 1)) this.around.add(value);
    write();
    this.around.delete(value);
  }

  private key(name: string): string {
    return `${this.quoted(name)}:${this.style.isIndented ? " " : ""}`;
  }

  private newLine(depth: number): void {
    if (this.style.isIndented) this.write(`\n${"  ".repeat(depth)}`);
  }

  private quoted(text: string): string {
    return `"${text.replace(this.style.escapesHtml ? UNSAFE_IN_HTML : UNSAFE, escapeOf)}"`;
  }

  private write(piece: string): void {
    this.host.spend(byteLength(piece));
    this.pieces.push(piece);
  }
}

function isNil(value: GoValue): boolean {
  return (value instanceof GoSlice || value instanceof GoMap || value instanceof GoObject) && value.isNil;
}

const UNSAFE = /["\\\0-\x1f\u2028\u2029]|\p{Surrogate}/gu;
const UNSAFE_IN_HTML = /["\\\0-\x1f\u2028\u2029<>&]|\p{Surrogate}/gu;

function escapeOf(char: string): string {
  const code = char.charCodeAt(0);
  const isInvalid = code >= 0xd800 && code <= 0xdfff;
  return JSON_SHORT_FORMS.get(char) ?? `\\u${(isInvalid ? 0xfffd : code).toString(16).padStart(4, "0")}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) throw new GoError("json: unsupported value: NaN");
  if (!Number.isFinite(value)) throw new GoError(`json: unsupported value: ${value > 0 ? "+" : "-"}Inf`);
  return Object.is(value, -0) ? "-0" : String(value);
}
