/**
 * Go's view of characters: each function takes and gives one code point.
 *
 * Go maps one code point to one (`ß` stays `ß`), where JavaScript gives the full mapping (`SS`); what Go's `unicode`
 * package answers otherwise differently from JavaScript is listed here. The tables are those of the Unicode version of
 * the running Node; characters that are newer than Unicode 15.0 have no case in the original.
 *
 * Source: Go 1.26, package `unicode`; compared for all code points.
 */

/** Go's `unicode.IsSpace`. */
export function isSpace(rune: number): boolean {
  return WHITE_SPACE.test(String.fromCodePoint(rune));
}

/** Go's `unicode.IsUpper`. */
export function isUpper(rune: number): boolean {
  return /^\p{Lu}$/u.test(String.fromCodePoint(rune));
}

/** Go's `unicode.IsLower`. */
export function isLower(rune: number): boolean {
  return /^\p{Ll}$/u.test(String.fromCodePoint(rune)) || rune === 0x295;
}

/** Go's `unicode.IsTitle`: the few characters such as `ǅ`. */
export function isTitle(rune: number): boolean {
  return /^\p{Lt}$/u.test(String.fromCodePoint(rune));
}

/** Go's `unicode.IsLetter`. */
export function isLetter(rune: number): boolean {
  return /^\p{L}$/u.test(String.fromCodePoint(rune));
}

/** Go's `unicode.IsDigit`: decimal digits of any script. */
export function isDigit(rune: number): boolean {
  return /^\p{Nd}$/u.test(String.fromCodePoint(rune));
}

/** Go's `unicode.IsNumber`: digits, and numbers such as `½` and `Ⅷ`. */
export function isNumber(rune: number): boolean {
  return /^\p{N}$/u.test(String.fromCodePoint(rune));
}

/** Go's `unicode.IsPunct`. */
export function isPunct(rune: number): boolean {
  return /^\p{P}$/u.test(String.fromCodePoint(rune));
}

/** Go's `unicode.ToUpper`. */
export function toUpper(rune: number): number {
  if (isGreekWithIota(rune)) return titleOfGreekWithIota(rune);
  return singleOr(rune, String.fromCodePoint(rune).toUpperCase());
}

/** Go's `unicode.ToLower`. */
export function toLower(rune: number): number {
  if (rune === DOTTED_CAPITAL_I) return "i".charCodeAt(0);
  return singleOr(rune, String.fromCodePoint(rune).toLowerCase());
}

/** Go's `unicode.ToTitle`: upper case, but for digraphs (`ǆ` to `ǅ`) and Georgian letters, which have no title case. */
export function toTitle(rune: number): number {
  if (rune >= 0x1c4 && rune <= 0x1cc) return rune - ((rune - 0x1c4) % 3) + 1;
  if (rune >= 0x1f1 && rune <= 0x1f3) return 0x1f2;
  if (rune >= 0x10d0 && rune <= 0x10ff) return rune;
  return toUpper(rune);
}

const WHITE_SPACE = /^\p{White_Space}$/u;
const DOTTED_CAPITAL_I = 0x130;

/** Greek letters with iota subscript: one capital each, where JavaScript writes two letters. */
function isGreekWithIota(rune: number): boolean {
  const inRows = rune >= 0x1f80 && rune <= 0x1faf && (rune & 8) === 0;
  return inRows || rune === 0x1fb3 || rune === 0x1fc3 || rune === 0x1ff3;
}

function titleOfGreekWithIota(rune: number): number {
  return rune <= 0x1faf ? rune + 8 : rune + 9;
}

function singleOr(rune: number, mapped: string): number {
  const first = mapped.codePointAt(0) ?? rune;
  return mapped.length === (first > 0xffff ? 2 : 1) ? first : rune;
}
