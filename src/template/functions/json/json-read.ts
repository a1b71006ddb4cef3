import { JSON_ESCAPES } from "../../../bytes/json-escapes.ts";
import { quote } from "../../fmt/quote.ts";
import { GoError } from "../../value/go-error.ts";
import { bytesOf, fromText } from "../../value/go-string.ts";
import type { GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { dict, list } from "../../value/make.ts";
import { MAX_DEPTH } from "../collections/depth.ts";

/** What a JSON text holds. */
export interface ReadJson {
  /** Nil when the text is no JSON. */
  readonly value: GoValue;
  /** Go's text for what is wrong; a number that is out of range leaves the rest of the value as it is. */
  readonly error?: string;
}

/**
 * Reads JSON as Go's `encoding/json` reads it into an `interface{}`: numbers are float64, of a key that is there twice
 * the last one counts.
 *
 * Source: Go 1.26, package `encoding/json`.
 */
export function readJson(text: string, host: Host): ReadJson {
  host.spend(text.length);
  const reader = new JsonReader(text, host);
  try {
    const value = reader.document();
    return reader.outOfRange === undefined ? { value } : { value, error: reader.outOfRange };
  } catch (error) {
    if (error instanceof GoError) return { value: null, error: error.message };
    throw error;
  }
}

/** What one value takes beside its text. */
const VALUE_BYTES = 32;

const SPACE = /[ \t\r\n]*/y;
const PLAIN_TEXT = /[^"\\\0-\x1f]*/y;
const HEX_4 = /^[0-9a-fA-F]{4}$/;

/** Places where no space may be: Go reads one behind the end, and names that. */
const NO_SPACE = /literal (?!$)|numeric literal$|escape/;

class JsonReader {
  /** The first number that no float64 holds. */
  outOfRange: string | undefined;
  private at = 0;
  private readonly text: string;
  private readonly host: Host;

  constructor(text: string, host: Host) {
    this.text = text;
    this.host = host;
  }

  document(): GoValue {
    const value = this.value(0);
    this.skip(SPACE);
    if (this.at < this.text.length) throw this.unexpected("after top-level value");
    return value;
  }

  private value(depth: number): GoValue {
    this.skip(SPACE);
    this.host.spend(VALUE_BYTES);
    const char = this.text[this.at];
    if ((char === "[" || char === "{") && depth >= MAX_DEPTH) throw new GoError("exceeded max depth");
    if (char === "[") return this.array(depth + 1);
    if (char === "{") return this.object(depth + 1);
    if (char === '"') return this.string();
    if (char === "t") return this.literal("true", true);
    if (char === "f") return this.literal("false", false);
    if (char === "n") return this.literal("null", null);
    if (char === "-" || isDigit(char)) return this.number();
    throw this.unexpected("looking for beginning of value");
  }

  private array(depth: number): GoValue {
    const items: GoValue[] = [];
    this.at++;
    this.skip(SPACE);
    if (this.take("]")) return list(items);
    while (true) {
      items.push(this.value(depth));
      this.skip(SPACE);
      if (this.take("]")) return list(items);
      if (!this.take(",")) throw this.unexpected("after array element");
    }
  }

  private object(depth: number): GoValue {
    const entries = new Map<string, GoValue>();
    this.at++;
    this.skip(SPACE);
    if (this.take("}")) return dict(entries);
    while (true) {
      this.skip(SPACE);
      if (this.text[this.at] !== '"') throw this.unexpected("looking for beginning of object key string");
      const key = this.string();
      this.skip(SPACE);
      if (!this.take(":")) throw this.unexpected("after object key");
      entries.set(key, this.value(depth));
      this.skip(SPACE);
      if (this.take("}")) return dict(entries);
      if (!this.take(",")) throw this.unexpected("after object key:value pair");
    }
  }

  private string(): string {
    this.at++;
    let value = "";
    while (true) {
      value += fromText(this.skip(PLAIN_TEXT));
      if (this.take('"')) break;
      if (this.take("\\")) value += this.escape();
      else throw this.unexpected("in string literal");
    }
    // Escapes may have given halves of a pair.
    return fromText(value);
  }

  private escape(): string {
    if (this.take("u")) {
      const digits = this.text.slice(this.at, this.at + 4);
      if (!HEX_4.test(digits)) {
        this.at += /^[0-9a-fA-F]*/.exec(digits)?.[0].length ?? 0;
        throw this.unexpected("in \\u hexadecimal character escape");
      }
      this.at += 4;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const escaped = JSON_ESCAPES.get(this.text[this.at] ?? "");
    if (escaped === undefined) throw this.unexpected("in string escape code");
    this.at++;
    return escaped;
  }

  private literal<Value>(word: string, value: Value): Value {
    for (let done = 1; done < word.length; done++) {
      this.at++;
      if (this.text[this.at] !== word[done]) {
        throw this.unexpected(`in literal ${word} (expecting '${word[done]}')`);
      }
    }
    this.at++;
    return value;
  }

  private number(): GoValue {
    const begin = this.at;
    this.take("-");
    if (!this.take("0")) this.digits("in numeric literal");
    if (this.take(".")) this.digits("after decimal point in numeric literal");
    if (this.take("e") || this.take("E")) {
      if (!this.take("+")) this.take("-");
      this.digits("in exponent of numeric literal");
    }
    const literal = this.text.slice(begin, this.at);
    const value = Number(literal);
    if (Number.isFinite(value)) return value;
    this.outOfRange ??= `json: cannot unmarshal number ${literal} into Go value of type float64`;
    return null;
  }

  private digits(place: string): void {
    if (!isDigit(this.text[this.at])) throw this.unexpected(place);
    while (isDigit(this.text[this.at])) this.at++;
  }

  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ""] = pattern.exec(this.text) ?? [];
    this.at += found.length;
    return found;
  }

  private take(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private unexpected(place: string): GoError {
    const atEnd = this.at >= this.text.length;
    if (atEnd && !NO_SPACE.test(place)) return new GoError("unexpected end of JSON input");
    const char = atEnd ? " " : String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    // Go reads bytes: of a longer character it names the first, as Latin-1.
    const byte = String.fromCharCode(bytesOf(char)[0] ?? 0);
    const named = byte === "'" ? "\\'" : byte === '"' ? '"' : quote(byte).slice(1, -1);
    return new GoError(`invalid character '${named}' ${place}`);
  }
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= "0" && char <= "9";
}
