import { bytesOf, stringOfRune } from "../value/go-string.ts";
import { type Directive, padded } from "./directive.ts";
import { type FloatForm, formatFloat } from "./float.ts";
import { canBackquote, isPrintable, quote, quoteRune } from "./quote.ts";

/** A string for `%s`: cut to the precision (in characters), filled to the width. */
export function textOf(text: string, directive: Directive): string {
  return padded(cut(text, directive), directive);
}

/** A string for `%q`. */
export function quotedText(text: string, directive: Directive): string {
  const shown = cut(text, directive);
  if (directive.sharp && canBackquote(shown)) return padded(`\`${shown}\``, directive);
  return padded(quote(shown, directive.plus), directive);
}

/** Bytes for `%x` and `%X`. */
export function hexText(bytes: Uint8Array, directive: Directive, upper: boolean): string {
  const shown = directive.precision === undefined ? bytes : bytes.subarray(0, directive.precision);
  const pairs = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0"));
  const mark = directive.sharp ? "0x" : "";
  const hex = pairs.length === 0 ? "" : mark + pairs.join(directive.space ? ` ${mark}` : "");
  return padded(upper ? hex.toUpperCase() : hex, directive);
}

/** A string for `%x` and `%X`. */
export function hexString(text: string, directive: Directive, upper: boolean): string {
  return hexText(bytesOf(text), directive, upper);
}

/** A boolean for `%t`. */
export function booleanText(value: boolean, directive: Directive): string {
  return padded(value ? "true" : "false", directive);
}

/** An integer in base 2, 8, 10 or 16. */
export function integerText(value: bigint, base: number, directive: Directive, verb: string): string {
  const { precision, width, plus, space, sharp } = directive;
  const negative = value < 0n;
  const signed = negative || plus || space;
  let least = precision ?? 0;
  if (precision === 0 && value === 0n) return padded("", { ...directive, zero: false });
  if (precision === undefined && directive.zero && !directive.minus && width !== undefined) {
    least = signed ? width - 1 : width;
  }
  let digits = (negative ? -value : value).toString(base).padStart(least, "0");
  if (verb === "X") digits = digits.toUpperCase();
  if (sharp) {
    if (base === 2) digits = `0b${digits}`;
    else if (base === 8 && digits[0] !== "0") digits = `0${digits}`;
    else if (base === 16) digits = `${verb === "X" ? "0X" : "0x"}${digits}`;
  }
  if (verb === "O") digits = `0o${digits}`;
  const sign = negative ? "-" : plus ? "+" : space ? " " : "";
  return padded(sign + digits, { ...directive, zero: false });
}

/** An integer for `%c`. */
export function characterText(value: bigint, directive: Directive): string {
  return padded(characterOf(value), directive);
}

/** An integer for `%q`. */
export function quotedCharacter(value: bigint, directive: Directive): string {
  return padded(quoteRune(characterOf(value), directive.plus), directive);
}

/** An integer for `%U`. */
export function unicodeText(value: bigint, directive: Directive): string {
  const least = directive.precision === undefined || directive.precision < 4 ? 4 : directive.precision;
  const code = BigInt.asUintN(64, value);
  let text = `U+${code.toString(16).toUpperCase().padStart(least, "0")}`;
  const char = stringOfRune(Number(code));
  if (directive.sharp && code <= 0x10ffffn && isPrintable(char)) text += ` '${char}'`;
  return padded(text, { ...directive, zero: false });
}

/** A float64 in a form of strconv; `precision` is what holds when the directive has none. */
export function floatText(value: number, form: FloatForm, precision: number, directive: Directive): string {
  const wanted = directive.precision ?? precision;
  const raw = formatFloat(value, form, wanted);
  let number = raw[0] === "-" || raw[0] === "+" ? raw : `+${raw}`;
  if (directive.space && number[0] === "+" && !directive.plus) number = ` ${number.slice(1)}`;
  if (number[1] === "I" || number[1] === "N") {
    const bare = number[1] === "N" && !directive.space && !directive.plus;
    return padded(bare ? number.slice(1) : number, { ...directive, zero: false });
  }
  if (directive.sharp && form !== "b") number = withPoint(number, form, wanted);
  if (directive.plus || number[0] !== "+") {
    const { width } = directive;
    if (directive.zero && !directive.minus && width !== undefined && width > number.length) {
      return (number[0] ?? "") + number.slice(1).padStart(width - 1, "0");
    }
    return padded(number, directive);
  }
  return padded(number.slice(1), directive);
}

/** The `#` flag: a decimal point always, and the zeros at the end of `%g`. */
function withPoint(number: string, form: FloatForm, precision: number): string {
  const filled = form === "g" || form === "G" || form === "x";
  const digits = !filled ? 0 : precision === -1 ? 6 : precision;
  let tail = "";
  let body = number.slice(1);
  const hex = form === "x" || form === "X";
  const exponentAt = body.search(hex ? /[pP]/ : /[eE]/);
  if (exponentAt >= 0) {
    tail = body.slice(exponentAt);
    body = body.slice(0, exponentAt);
  }
  const prefix = hex ? body.slice(0, 2) : "";
  const shown = body.slice(prefix.length);
  const point = shown.includes(".");
  const counted = hex ? shown.replace(".", "").length + 1 : shown.replace(".", "").replace(/^0+/, "").length;
  const significant = counted === 0 && !/[1-9]/.test(shown) ? 1 : counted;
  const zeros = Math.max(digits - significant, 0);
  return (number[0] ?? "") + prefix + shown + (point ? "" : ".") + "0".repeat(zeros) + tail;
}

function cut(text: string, { precision }: Directive): string {
  if (precision === undefined || text.length <= precision) return text;
  let end = 0;
  let count = 0;
  for (const char of text) {
    if (count++ === precision) break;
    end += char.length;
  }
  return text.slice(0, end);
}

const characterOf = (value: bigint) => stringOfRune(value >= 0n && value <= 0x10ffffn ? Number(value) : 0xfffd);
