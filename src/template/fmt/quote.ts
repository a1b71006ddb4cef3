import { isEscapedByte } from "../value/go-string.ts";
import { isNewerThanGo } from "../value/newer-characters.ts";

const SHORT: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Go's `strconv.IsPrint` of one character. */
export function isPrintable(char: string): boolean {
  return PRINTABLE.test(char) && !isNewerThanGo(char);
}

/** Go's `strconv.Quote`, or `QuoteToASCII`. */
export function quote(text: string, asciiOnly = false): string {
  let quoted = '"';
  for (const char of text) quoted += escaped(char, '"', asciiOnly);
  return `${quoted}"`;
}

/** Go's `strconv.QuoteRune`, or `QuoteRuneToASCII`; what is no code point is U+FFFD. */
export function quoteRune(char: string, asciiOnly = false): string {
  return `'${isEscapedByte(char) ? "\ufffd" : escaped(char, "'", asciiOnly)}'`;
}

/** Go's `strconv.CanBackquote`: one line, no backquote, no control characters but tab, valid UTF-8, no BOM. */
export function canBackquote(text: string): boolean {
  return !/[\0-\x08\x0a-\x1f`\x7f\ufeff]|\p{Surrogate}/u.test(text);
}

function escaped(char: string, mark: string, asciiOnly: boolean): string {
  if (isEscapedByte(char)) return `\\x${(char.charCodeAt(0) - 0xdc00).toString(16)}`;
  if (char === mark || char === "\\") return `\\${char}`;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80 || !asciiOnly) {
    if (isPrintable(char)) return char;
  }
  const short = SHORT[char];
  if (short !== undefined) return short;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
  const hex = code.toString(16);
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
