import { bytesOf, goString, stringOfRune } from "../value/go-string.ts";

const SHORT: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, "\\": 92 };
const LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** One character of a literal: a code point, or one byte of an escape, and the offset after it. */
interface Character {
  readonly value: number;
  readonly isByte: boolean;
  readonly end: number;
}

/** The string that a quoted or raw literal stands for; undefined when its syntax is wrong. */
export function unquote(literal: string): string | undefined {
  if (literal[0] === "`") return literal.slice(1, -1).replaceAll("\r", "");
  const text = literal.slice(1, -1);
  if (!text.includes("\\")) return text.includes('"') ? undefined : text;
  const pieces: Uint8Array[] = [];
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf("\\", at);
    const plain = next < 0 ? text.length : next;
    if (plain > at) pieces.push(bytesOf(text.slice(at, plain)));
    at = plain;
    if (next < 0) break;
    const char = escaped(text, at, '"');
    if (char === undefined) return undefined;
    pieces.push(char.isByte ? Uint8Array.of(char.value) : bytesOf(stringOfRune(char.value)));
    at = char.end;
  }
  return goString(concat(pieces));
}

/**
 * The code point of a character literal.
 *
 * `syntax` when it is no character, `length` when it is more than one.
 */
export function unquoteRune(literal: string): number | "syntax" | "length" {
  const text = literal.slice(1);
  if (text[0] === "'") return "syntax";
  const char = text[0] === "\\" ? escaped(text, 0, "'") : plain(text);
  if (char === undefined) return "syntax";
  return text.slice(char.end) === "'" ? char.value : "length";
}

function plain(text: string): Character {
  const value = text.codePointAt(0) ?? 0;
  const isByte = value >= 0xdc80 && value <= 0xdcff;
  return { value: isByte ? 0xfffd : value, isByte: false, end: value > 0xffff ? 2 : 1 };
}

/** The escape sequence at an offset; undefined when there is no such one. */
function escaped(text: string, at: number, mark: string): Character | undefined {
  const letter = text[at + 1] ?? "";
  const short = SHORT[letter];
  if (short !== undefined) return { value: short, isByte: false, end: at + 2 };
  if (letter === mark) return { value: mark.charCodeAt(0), isByte: false, end: at + 2 };
  const length = LENGTHS[letter];
  if (length !== undefined) {
    const digits = text.slice(at + 2, at + 2 + length);
    if (digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits)) return undefined;
    const value = Number.parseInt(digits, 16);
    const isByte = letter === "x";
    if (!isByte && (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))) return undefined;
    return { value, isByte, end: at + 2 + length };
  }
  const octal = text.slice(at + 1, at + 4);
  if (!/^[0-7]{3}$/.test(octal)) return undefined;
  const value = Number.parseInt(octal, 8);
  return value > 255 ? undefined : { value, isByte: true, end: at + 4 };
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
