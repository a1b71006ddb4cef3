import { runesOf, stringOfRune, stringOfRunes } from "../../value/go-string.ts";
import { isLetter, isNumber, isPunct, isSpace, isUpper, toLower, toUpper } from "./unicode.ts";

/**
 * Names in one case made from names in another: `HTTPServer` to `http_server`, `some_words` to `SomeWords`.
 *
 * Source: the rules and quirks of `snakecase`, `kebabcase` and `camelcase` in Sprig 3.3 (xstrings 1.5).
 */

/** Lower case words with `connector` between them, where letter case, digits or other connectors part them. */
export function separatedWords(text: string, connector: "_" | "-"): string {
  const words = wordsOf(text);
  let out = "";
  let at = 0;
  const here = (): WordKind | undefined => words[at]?.kind;
  const take = (): void => {
    const word = words[at++];
    if (word !== undefined) out += lowered(word, connector);
  };
  /** Digits and the lower case letters that follow them stay together: `2m3s`. */
  const takeNumberTail = (): void => {
    while (here() === "alphabet" || here() === "number") take();
  };
  const connect = (): void => {
    const next = here();
    if (next !== undefined && next !== "connector" && next !== "punct") out += connector;
  };

  while (at < words.length) {
    const kind = here();
    take();
    if (kind === "connector" || kind === "punct") continue;
    if (kind === "number") {
      takeNumberTail();
    } else if (here() === "number" && at + 1 === words.length) {
      take(); // A number at the very end belongs to its word: `http2`.
    } else if (here() === "number") {
      if (words[at + 1]?.kind === "alphabet") {
        out += connector;
        takeNumberTail();
      } else {
        take(); // As does one before anything but lower case letters: `bld4_floor`.
      }
    }
    connect();
  }
  return out;
}

/** Words of the name joined, each with a capital: `http_server` to `HttpServer`. Leading connectors stay. */
export function camelCase(text: string): string {
  const runes = runesOf(text);
  const begin = runes.findIndex((rune) => !isConnector(rune));
  // A name of connectors only gets its last one twice, as in the original.
  if (begin < 0) return stringOfRunes([...runes, ...runes.slice(-1)]);
  const out = runes.slice(0, begin);
  let previous = toUpper(runes[begin] ?? 0);
  let inCapitals = isUpper(runes[begin] ?? 0);
  for (let rune of runes.slice(begin + 1)) {
    if (!isConnector(previous)) {
      out.push(previous);
      inCapitals &&= isUpper(rune);
      if (inCapitals) rune = toLower(rune);
    } else if (isConnector(rune)) {
      out.push(previous);
    } else {
      inCapitals = isUpper(rune);
      rune = toUpper(rune);
    }
    previous = rune;
  }
  return stringOfRunes([...out, previous]);
}

type WordKind = "connector" | "punct" | "upper" | "alphabet" | "number" | "other" | "invalid";

interface Word {
  readonly kind: WordKind;
  readonly text: string;
}

/** A character with the invalid bytes before it, which go where it goes. */
interface Unit {
  readonly kind: WordKind;
  /** Connectors such as `-` may be punctuation, too: after punctuation they are. */
  readonly isPunct: boolean;
  readonly text: string;
}

const REPLACEMENT = 0xfffd;

function wordsOf(text: string): Word[] {
  const units = unitsOf(text);
  const words: Word[] = [];
  let at = 0;
  while (at < units.length) {
    const end = endOfWord(units, at);
    const kind = units[at]?.kind ?? "invalid";
    const parts = units.slice(at, end).map((unit) => unit.text);
    words.push({ kind, text: parts.join("") });
    at = end;
  }
  return words;
}

function endOfWord(units: readonly Unit[], begin: number): number {
  const kind = units[begin]?.kind;
  let end = endOfRun(units, begin);
  if (kind !== "upper") return end;
  if (units[end]?.kind !== "alphabet") return end;
  // Of `HTTPServer` the `S` belongs to the second word; `Server` is one word.
  if (end - begin > 1) return end - 1;
  end = endOfRun(units, end);
  return end;
}

function endOfRun(units: readonly Unit[], begin: number): number {
  let end = begin + 1;
  const kind = units[begin]?.kind;
  const belongs = (unit: Unit): boolean => (kind === "punct" ? unit.isPunct : unit.kind === kind);
  for (let unit = units[end]; unit !== undefined && belongs(unit); unit = units[++end]);
  return end;
}

function unitsOf(text: string): Unit[] {
  const units: Unit[] = [];
  let invalid = "";
  for (const char of text) {
    const rune = runesOf(char)[0] ?? REPLACEMENT;
    if (rune === REPLACEMENT) {
      invalid += char;
    } else {
      units.push({ kind: kindOfRune(rune), isPunct: isPunct(rune), text: invalid + char });
      invalid = "";
    }
  }
  const last = units.at(-1) ?? { kind: "invalid", isPunct: false };
  if (invalid !== "") units.push({ ...last, text: invalid });
  return units;
}

function kindOfRune(rune: number): WordKind {
  if (isConnector(rune)) return "connector";
  if (isPunct(rune)) return "punct";
  if (isUpper(rune)) return "upper";
  if (isLetter(rune) && !isIdeograph(rune)) return "alphabet";
  return isNumber(rune) ? "number" : "other";
}

function isConnector(rune: number): boolean {
  return rune === 0x2d || rune === 0x5f || isSpace(rune);
}

/** The CJK blocks that the original knows. */
function isIdeograph(rune: number): boolean {
  return (
    (rune >= 0x4e00 && rune <= 0x9fcc) || (rune >= 0x3400 && rune <= 0x4d85) || (rune >= 0x20000 && rune <= 0x2b81d)
  );
}

function lowered(word: Word, connector: string): string {
  if (word.kind !== "upper" && word.kind !== "connector") return word.text;
  return runesOf(word.text)
    .map((rune) => (isConnector(rune) ? connector : stringOfRune(isUpper(rune) ? toLower(rune) : rune)))
    .join("");
}
