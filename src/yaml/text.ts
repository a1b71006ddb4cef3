import { markedEncoding } from "../bytes/utf8.ts";
import { type Place, placeOf, YamlError } from "./errors.ts";
import type { YamlLimits } from "./limits.ts";

/** Code units that the Go readers refuse (a BOM is taken only at the start, where it is dropped). */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;
const SURROGATE = /[\ud800-\udfff]/;

export interface TextOptions {
  readonly limits: YamlLimits;
  readonly source?: string | undefined;
}

/**
 * The text of a YAML file: UTF-8 (strict), or UTF-16 where a byte order mark says so. The mark is dropped.
 *
 * @throws {YamlError} `YAML_NOT_UTF8` with the place of the first bad byte, `YAML_CONTROL_CHARACTER`, `YAML_TOO_LARGE`.
 */
export function yamlText(input: string | Uint8Array, options: TextOptions): string {
  if (input.length > options.limits.maxInputLength) {
    throw new YamlError("YAML_TOO_LARGE", `more than ${options.limits.maxInputLength} characters`, {
      at: { line: 1, column: 1, offset: 0 },
      source: options.source,
    });
  }
  const text = typeof input === "string" ? withoutMark(input) : decode(input, options.source);
  refuseControlCharacters(text, options.source);
  return text;
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function decode(bytes: Uint8Array, source: string | undefined): string {
  const encoding = markedEncoding(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const bad = firstBadByte(bytes);
    throw new YamlError(
      "YAML_NOT_UTF8",
      encoding === "utf-8"
        ? `byte ${bad.offset} (0x${(bytes[bad.offset] ?? 0).toString(16).padStart(2, "0")}) is not UTF-8`
        : `the text is not ${encoding.toUpperCase()}, though its byte order mark says so`,
      { at: bad, source, upstream: `yaml: ${utf8Problem(bytes, bad.offset)}` },
    );
  }
}

/** Place of the first byte that cannot be part of UTF-8. Lines are counted by LF. */
function firstBadByte(bytes: Uint8Array): Place {
  let good = 0;
  let bad = bytes.length;
  // Halving keeps this in the decoder's own speed; a cut inside a character is told apart by `stream`.
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    if (isPrefixOfUtf8(bytes.subarray(0, middle))) good = middle;
    else bad = middle - 1;
  }
  // All of it may be the start of UTF-8 with the last character cut.
  if (good === bytes.length) {
    do good--;
    while (good > 0 && ((bytes[good] ?? 0) & 0xc0) === 0x80);
  }
  const head = new TextDecoder("utf-8").decode(bytes.subarray(0, good));
  const place = placeOf(head, head.length);
  return { line: place.line, column: place.column, offset: good };
}

function isPrefixOfUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The words of the Go reader for a broken octet. */
function utf8Problem(bytes: Uint8Array, offset: number): string {
  let lead = offset;
  while (lead > 0 && offset - lead < 3 && ((bytes[lead] ?? 0) & 0xc0) === 0x80) lead--;
  const octet = bytes[lead] ?? 0;
  const width =
    octet < 0x80 ? 1 : (octet & 0xe0) === 0xc0 ? 2 : (octet & 0xf0) === 0xe0 ? 3 : (octet & 0xf8) === 0xf0 ? 4 : 0;
  if (width === 0) return "invalid leading UTF-8 octet";
  if (lead + width > bytes.length) return "incomplete UTF-8 octet sequence";
  return "invalid trailing UTF-8 octet";
}

function refuseControlCharacters(text: string, source: string | undefined): void {
  const offset = firstUnreadable(text);
  if (offset < 0) return;
  const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, "0");
  throw new YamlError("YAML_CONTROL_CHARACTER", `the character U+${code} is not allowed`, {
    at: placeOf(text, offset),
    source,
    upstream: "yaml: control characters are not allowed",
  });
}

/** Offset of the first code unit that no YAML text may hold, or -1. */
function firstUnreadable(text: string): number {
  const control = text.search(CONTROL);
  if (!SURROGATE.test(text)) return control;
  const end = control < 0 ? text.length : control;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    if ((code & 0xf800) !== 0xd800) continue;
    if (code >= 0xdc00 || (text.charCodeAt(at + 1) & 0xfc00) !== 0xdc00) return at;
    at++;
  }
  return control;
}
