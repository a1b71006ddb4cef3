import { isDigit, isLetter } from "../text/unicode.ts";
import type { Match, Pattern } from "./regex-pattern.ts";

/**
 * The text that stands for a match: `$1`, `$name`, `${1}` and `${name}` are groups, `$$` is a dollar. Without braces
 * the name is as long as possible, so `$1x` is the group `1x`. A group that is not there is empty; another `$` is kept.
 *
 * Source: Go 1.26, `regexp.Expand`.
 */
export function expandReplacement(template: string, pattern: Pattern, match: Match, text: string): string {
  const [first = "", ...pieces] = template.split("$");
  let out = first;
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at] ?? "";
    if (piece === "" && at + 1 < pieces.length) {
      // A second dollar follows: what is behind it is text.
      out += `$${pieces[++at] ?? ""}`;
      continue;
    }
    const reference = referenceIn(piece);
    out += reference === undefined ? `$${piece}` : groupText(reference.name, pattern, match, text) + reference.rest;
  }
  return out;
}

/** The group that a piece behind a dollar begins with. */
function referenceIn(piece: string): { readonly name: string; readonly rest: string } | undefined {
  const inBraces = piece.startsWith("{");
  const from = inBraces ? 1 : 0;
  let end = from;
  for (const char of piece.slice(from)) {
    if (!isNameChar(char)) break;
    end += char.length;
  }
  if (end === from || (inBraces && piece[end] !== "}")) return undefined;
  return { name: piece.slice(from, end), rest: piece.slice(inBraces ? end + 1 : end) };
}

function isNameChar(char: string): boolean {
  const rune = char.codePointAt(0) ?? 0;
  return char === "_" || isLetter(rune) || isDigit(rune);
}

const NUMBER = /^(?:0|[1-9][0-9]{0,8})$/;

/** Of several groups of a name the first one that is part of the match counts. */
function groupText(name: string, pattern: Pattern, match: Match, text: string): string {
  const numbers = NUMBER.test(name) ? [Number(name)] : (pattern.names.get(name) ?? []);
  for (const number of numbers) {
    const group = match.group(number);
    if (group !== undefined) return text.slice(group.start, group.end);
  }
  return "";
}
