/**
 * Go strings as JavaScript strings.
 *
 * A Go string is any bytes. Valid UTF-8 is the JavaScript string of the same text; a byte that is no valid UTF-8 is the
 * lone surrogate U+DC00 + byte (so U+DC80..U+DCFF). The form is unique: strings are equal when their bytes are.
 */
const ESCAPED = /[\uDC80-\uDCFF]/u;
const NOT_ASCII = /[^\0-\x7f]/;
const LONE = /\p{Surrogate}/u;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The Go string of these bytes. */
export function goString(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return escapedString(bytes);
  }
}

/** The bytes of a Go string. Other lone surrogates become U+FFFD, as they have no bytes. */
export function bytesOf(text: string): Uint8Array {
  if (!ESCAPED.test(text)) return encoder.encode(text);
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (char.length === 1 && code >= 0xdc80 && code <= 0xdcff) bytes[at++] = code - 0xdc00;
    else at += encoder.encodeInto(char, bytes.subarray(at)).written;
  }
  return bytes.slice(0, at);
}

/** How many bytes a Go string has: Go's `len`. */
export function byteLength(text: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) length += 1;
    else if (code < 0x800) length += 2;
    else if (isHigh(code) && isLow(text.charCodeAt(at + 1))) {
      length += 4;
      at++;
    } else length += code >= 0xdc80 && code <= 0xdcff ? 1 : 3;
  }
  return length;
}

/** Go's `text[from:to]`, offsets in bytes; they have to be in range. */
export function sliceBytes(text: string, from: number, to: number): string {
  if (!NOT_ASCII.test(text)) return text.slice(from, to);
  return goString(bytesOf(text).subarray(from, to));
}

/** Joins Go strings: pieces of one character may meet, so this is not always the JavaScript string of all. */
export function joinStrings(parts: readonly string[], separator = ""): string {
  return canonical(parts.join(separator));
}

/** The unique form of a text whose escaped bytes may have come together from several strings. */
export function canonical(text: string): string {
  return ESCAPED.test(text) ? goString(bytesOf(text)) : text;
}

/** Makes a JavaScript text a Go string: lone surrogates, which are no text, become U+FFFD. */
export function fromText(text: string): string {
  return LONE.test(text) ? text.replace(/\p{Surrogate}/gu, "\ufffd") : text;
}

/** Whether all bytes are valid UTF-8. */
export function isValidUtf8(text: string): boolean {
  return !ESCAPED.test(text);
}

/** Whether a character of {@link runesOf} stands for one byte that is no valid UTF-8. */
export function isEscapedByte(char: string): boolean {
  const code = char.charCodeAt(0);
  return char.length === 1 && code >= 0xdc80 && code <= 0xdcff;
}

/** The code points that Go's `range` over the string gives: U+FFFD for each invalid byte. */
export function runesOf(text: string): number[] {
  return Array.from(text, (char) => (isEscapedByte(char) ? 0xfffd : (char.codePointAt(0) ?? 0)));
}

/** Go's `[]rune(text)` back to a string: what is no code point becomes U+FFFD. */
export function stringOfRunes(runes: readonly number[]): string {
  return runes.map(stringOfRune).join("");
}

/** Go's `string(rune)`. */
export function stringOfRune(rune: number): string {
  const valid = rune >= 0 && rune <= 0x10ffff && !(rune >= 0xd800 && rune <= 0xdfff);
  return valid ? String.fromCodePoint(rune) : "\ufffd";
}

/** Order of Go's `<` on strings: by bytes. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  if (!NOT_ASCII.test(a) && !NOT_ASCII.test(b)) return a < b ? -1 : 1;
  const [x, y] = [bytesOf(a), bytesOf(b)];
  const shared = Math.min(x.length, y.length);
  for (let at = 0; at < shared; at++) {
    const difference = (x[at] ?? 0) - (y[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

const isHigh = (code: number) => code >= 0xd800 && code <= 0xdbff;
const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff;

function escapedString(bytes: Uint8Array): string {
  const parts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) parts.push(String.fromCharCode(0xdc00 + (bytes[at] ?? 0)));
    else parts.push(decoder.decode(bytes.subarray(at, at + length)));
    at += Math.max(length, 1);
  }
  return parts.join("");
}

/** Length of the valid UTF-8 sequence that begins at `at`; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length =
    first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  const second = bytes[at + 1] ?? 0;
  if (first === 0xe0 && second < 0xa0) return 0;
  if (first === 0xed && second > 0x9f) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  if (first === 0xf4 && second > 0x8f) return 0;
  for (let next = 1; next < length; next++) {
    if (((bytes[at + next] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}
