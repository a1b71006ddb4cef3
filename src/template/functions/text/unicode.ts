import { isNewerThanGo } from "../../value/newer-characters.ts";

/**
 * Go's view of characters: each function takes and gives one code point.
 *
 * Go maps one code point to one (`ß` stays `ß`), where JavaScript gives the full mapping (`SS`); what Go's `unicode`
 * package answers otherwise differently from JavaScript is listed here.
 *
 * Source: Go 1.26, package `unicode`; compared for all code points.
 */

/** Go's `unicode.IsSpace`. */
export function isSpace(rune: number): boolean {
  return WHITE_SPACE.test(String.fromCodePoint(rune));
}

/** Go's `unicode.IsUpper`. */
export function isUpper(rune: number): boolean {
  return isIn(/^\p{Lu}$/u, rune);
}

/** Go's `unicode.IsLower`. */
export function isLower(rune: number): boolean {
  return isIn(/^\p{Ll}$/u, rune) || rune === 0x295;
}

/** Go's `unicode.IsTitle`: the few characters such as `ǅ`. */
export function isTitle(rune: number): boolean {
  return isIn(/^\p{Lt}$/u, rune);
}

/** Go's `unicode.IsLetter`. */
export function isLetter(rune: number): boolean {
  return isIn(/^\p{L}$/u, rune);
}

/** Go's `unicode.IsDigit`: decimal digits of any script. */
export function isDigit(rune: number): boolean {
  return isIn(/^\p{Nd}$/u, rune);
}

/** Go's `unicode.IsNumber`: digits, and numbers such as `½` and `Ⅷ`. */
export function isNumber(rune: number): boolean {
  return isIn(/^\p{N}$/u, rune);
}

/** Go's `unicode.IsPunct`. */
export function isPunct(rune: number): boolean {
  return isIn(/^\p{P}$/u, rune);
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

function isIn(category: RegExp, rune: number): boolean {
  const char = String.fromCodePoint(rune);
  return category.test(char) && !isNewerThanGo(char);
}

/** A mapping to a character that Go does not know, or from one, is none. */
function singleOr(rune: number, mapped: string): number {
  const first = mapped.codePointAt(0) ?? rune;
  const isSingle = mapped.length === (first > 0xffff ? 2 : 1);
  return isSingle && !isNewerThanGo(mapped) && !isNewerThanGo(String.fromCodePoint(rune)) ? first : rune;
}
