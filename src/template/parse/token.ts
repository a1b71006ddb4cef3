import { quote } from "../fmt/quote.ts";
import { byteLength } from "../value/go-string.ts";

/** What a piece of template text is. Words of the language are their own kind. */
export type TokenKind =
  | "text"
  | "open"
  | "close"
  | "space"
  | "assign"
  | "declare"
  | "pipe"
  | "("
  | ")"
  | "char"
  | "dot"
  | "field"
  | "variable"
  | "identifier"
  | "bool"
  | "number"
  | "complex"
  | "rune"
  | "string"
  | "raw"
  | "error"
  | "eof"
  | Keyword;

/** Words that begin an action, and `nil`. */
export type Keyword = (typeof KEYWORDS)[number];

const KEYWORDS = [
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "nil",
  "range",
  "template",
  "with",
] as const;

/** The keyword of that spelling. */
export function keywordOf(word: string): Keyword | undefined {
  return KEYWORDS.find((keyword) => keyword === word);
}

/** One token; of kind `error`, `text` is the complaint. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where it begins, in UTF-16 units. */
  readonly at: number;
  /** The line in which it begins, from 1. */
  readonly line: number;
}

const WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "block",
  "break",
  "continue",
  "define",
  "dot",
  "else",
  "end",
  "if",
  "nil",
  "range",
  "template",
  "with",
]);

/** A token as Go's complaints show it. */
export function shown({ kind, text }: Token): string {
  if (kind === "eof") return "EOF";
  if (WORDS.has(kind)) return `<${text}>`;
  const start = [...text].slice(0, 11);
  return byteLength(text) > 10 ? `${quote(start.slice(0, 10).join(""))}...` : quote(text);
}
