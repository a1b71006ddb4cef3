import { defineFunction } from "../../value/function.ts";
import { runesOf, stringOfRunes } from "../../value/go-string.ts";
import type { GoFunction } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { isDigit, isLetter, isLower, isSpace, isTitle, isUpper, toLower, toTitle, toUpper } from "./unicode.ts";
import { camelCase, separatedWords } from "./words.ts";

/** Letter case of strings. */
export const caseFunctions: readonly GoFunction[] = [
  defineFunction({ name: "upper", params: ["string"], call: ([text], host) => mapped(text, toUpper, host) }),
  defineFunction({ name: "lower", params: ["string"], call: ([text], host) => mapped(text, toLower, host) }),
  defineFunction({ name: "title", params: ["string"], call: ([text], host) => mapped(text, titleWords(), host) }),
  defineFunction({ name: "untitle", params: ["string"], call: ([text], host) => mapped(text, untitleWords(), host) }),
  defineFunction({ name: "swapcase", params: ["string"], call: ([text], host) => mapped(text, swapCase(), host) }),
  defineFunction({
    name: "snakecase",
    params: ["string"],
    call: ([text], host) => {
      host.spend(2 * text.length);
      return separatedWords(text, "_");
    },
  }),
  defineFunction({
    name: "kebabcase",
    params: ["string"],
    call: ([text], host) => {
      host.spend(2 * text.length);
      return separatedWords(text, "-");
    },
  }),
  defineFunction({
    name: "camelcase",
    params: ["string"],
    call: ([text], host) => {
      host.spend(text.length);
      return camelCase(text);
    },
  }),
];

/** Applies a mapping to each rune; a byte that is no valid UTF-8 becomes U+FFFD, as in Go. */
function mapped(text: string, mapping: (rune: number) => number, host: Host): string {
  host.spend(text.length);
  return stringOfRunes(runesOf(text).map(mapping));
}

/** `strings.Title`: the first letter of each word; letters, digits and `_` make words. */
function titleWords(): (rune: number) => number {
  let previous = SPACE;
  return (rune) => {
    const first = isWordBreak(previous);
    previous = rune;
    return first ? toTitle(rune) : rune;
  };
}

const SPACE = 0x20;
const UNDERSCORE = 0x5f;

function isWordBreak(rune: number): boolean {
  if (isLetter(rune) || isDigit(rune) || rune === UNDERSCORE) return false;
  return rune < 0x80 || isSpace(rune);
}

/** The first letter of each word that white space separates in lower case. */
function untitleWords(): (rune: number) => number {
  let first = true;
  return (rune) => {
    if (isSpace(rune)) {
      first = true;
      return rune;
    }
    const result = first ? toLower(rune) : rune;
    first = false;
    return result;
  };
}

/** Upper to lower and lower to upper; a lower case letter that begins a word gets its title case. */
function swapCase(): (rune: number) => number {
  let first = true;
  return (rune) => {
    if (isUpper(rune) || isTitle(rune)) {
      first = false;
      return toLower(rune);
    }
    if (isLower(rune)) {
      const result = first ? toTitle(rune) : toUpper(rune);
      first = false;
      return result;
    }
    first = isSpace(rune);
    return rune;
  };
}
