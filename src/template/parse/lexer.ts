import { isPrintable, quote } from "../fmt/quote.ts";
import { isEscapedByte } from "../value/go-string.ts";
import { NEWER_CHARACTERS } from "../value/newer-characters.ts";
import { keywordOf, type Token, type TokenKind } from "./token.ts";

/** What the lexer has to know beside the text. */
export interface LexerOptions {
  readonly open: string;
  readonly close: string;
  /** Functions of these names make the words `break` and `continue` ordinary identifiers. */
  readonly isFunction: (name: string) => boolean;
}

const WORD = /[\p{L}\p{Nd}_]+/uy;
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*\.?[0-7_]*|0[bB][01_]*\.?[01_]*|[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9_]*)?)i?/y;

/**
 * All tokens of a template, in order; the last one is `eof` or `error`.
 *
 * Comments and the space that trim markers take away give no tokens.
 */
export function tokensOf(text: string, options: LexerOptions): Token[] {
  return new Lexer(text, options).run();
}

class Lexer {
  private readonly text: string;
  private readonly options: LexerOptions;
  private readonly tokens: Token[] = [];
  private at = 0;
  private line = 1;
  /** The first line end that is not yet counted in `line`. */
  private lineEnd: number;
  private parens = 0;

  constructor(text: string, options: LexerOptions) {
    this.text = text;
    this.options = options;
    this.lineEnd = text.indexOf("\n");
  }

  run(): Token[] {
    while (this.textBefore()) {
      if (!this.action()) break;
    }
    return this.tokens;
  }

  /** The line of an offset; offsets only ever grow. */
  private lineAt(at: number): number {
    while (this.lineEnd >= 0 && this.lineEnd < at) {
      this.line++;
      this.lineEnd = this.text.indexOf("\n", this.lineEnd + 1);
    }
    return this.line;
  }

  /** Ends the present token at an offset, and the next one begins there. */
  private push(kind: TokenKind, to: number): void {
    const from = this.at;
    this.tokens.push({ kind, text: this.text.slice(from, to), at: from, line: this.lineAt(from) });
    this.at = to;
  }

  private fail(message: string): false {
    this.tokens.push({ kind: "error", text: message, at: this.at, line: this.lineAt(this.at) });
    return false;
  }

  private badCharacter(at: number): false {
    return this.fail(`bad character ${named(this.characterAt(at))}`);
  }

  private characterAt(at: number): string {
    return String.fromCodePoint(this.text.codePointAt(at) ?? 0);
  }

  /** Text up to the next action; false at the end of all. */
  private textBefore(): boolean {
    const { text, options } = this;
    const opens = text.indexOf(options.open, this.at);
    if (opens < 0) {
      if (text.length > this.at) this.push("text", text.length);
      this.push("eof", text.length);
      return false;
    }
    let end = opens;
    if (this.trimsAfter(opens + options.open.length)) while (end > this.at && isSpace(text[end - 1])) end--;
    if (end > this.at) this.push("text", end);
    this.at = opens;
    return true;
  }

  /** Whether a trim marker is just after the opening delimiter. */
  private trimsAfter(at: number): boolean {
    return this.text[at] === "-" && isSpace(this.text[at + 1]);
  }

  /** Whether a trim marker is just before the closing delimiter. */
  private trimsBefore(at: number): boolean {
    return isSpace(this.text[at]) && this.text[at + 1] === "-" && this.text.startsWith(this.options.close, at + 2);
  }

  /** From the opening delimiter to the closing one; false after an error. */
  private action(): boolean {
    const inside = this.at + this.options.open.length;
    const start = this.trimsAfter(inside) ? inside + 2 : inside;
    if (this.text.startsWith("/*", start)) {
      this.at = start;
      return this.comment();
    }
    this.push("open", inside);
    this.at = start;
    this.parens = 0;
    for (;;) {
      const trims = this.trimsBefore(this.at);
      if (trims || this.text.startsWith(this.options.close, this.at)) {
        return this.parens > 0 ? this.fail("unclosed left paren") : this.close(trims);
      }
      if (!this.insideAction()) return false;
    }
  }

  private comment(): boolean {
    const ends = this.text.indexOf("*/", this.at + 2);
    if (ends < 0) return this.fail("unclosed comment");
    const trims = this.trimsBefore(ends + 2);
    if (!trims && !this.text.startsWith(this.options.close, ends + 2)) {
      return this.fail("comment ends before closing delimiter");
    }
    this.at = ends + 2 + (trims ? 2 : 0) + this.options.close.length;
    if (trims) this.skipSpace();
    return true;
  }

  private close(trims: boolean): true {
    if (trims) this.at += 2;
    this.push("close", this.at + this.options.close.length);
    if (trims) this.skipSpace();
    return true;
  }

  private skipSpace(): void {
    while (isSpace(this.text[this.at])) this.at++;
  }

  /** One token that is no delimiter; false after an error. */
  private insideAction(): boolean {
    const { text, at } = this;
    const char = text[at];
    if (char === undefined) return this.fail("unclosed action");
    if (isSpace(char)) return this.space();
    switch (char) {
      case "=":
        return this.single("assign");
      case "|":
        return this.single("pipe");
      case "(":
        this.parens++;
        return this.single("(");
      case ")":
        this.parens--;
        return this.parens < 0 ? this.fail("unexpected right paren") : this.single(")");
      case ":":
        if (text[at + 1] !== "=") return this.fail("expected :=");
        this.push("declare", at + 2);
        return true;
      case '"':
        return this.quoted("string", "unterminated quoted string");
      case "'":
        return this.quoted("rune", "unterminated character constant");
      case "`":
        return this.raw();
      case "$":
        return this.name("variable", "variable");
      case ".":
        return /[0-9]/.test(text[at + 1] ?? "0") ? this.number() : this.name("field", "dot");
      default:
        return /[0-9+-]/.test(char) ? this.number() : this.word();
    }
  }

  private single(kind: TokenKind): true {
    this.push(kind, this.at + 1);
    return true;
  }

  private space(): true {
    let end = this.at + 1;
    while (isSpace(this.text[end])) end++;
    this.push("space", this.trimsBefore(end - 1) ? end - 1 : end);
    return true;
  }

  private quoted(kind: TokenKind, complaint: string): boolean {
    const mark = this.text[this.at];
    for (let end = this.at + 1; ; end++) {
      const char = this.text[end];
      const next = this.text[end + 1];
      if (char === undefined || char === "\n") return this.fail(complaint);
      if (char === "\\") {
        if (next === undefined || next === "\n") return this.fail(complaint);
        end++;
      } else if (char === mark) {
        this.push(kind, end + 1);
        return true;
      }
    }
  }

  private raw(): boolean {
    const end = this.text.indexOf("`", this.at + 1);
    if (end < 0) return this.fail("unterminated raw quoted string");
    this.push("raw", end + 1);
    return true;
  }

  /** `.name` or `$name`; the sign alone is `bare`. */
  private name(kind: TokenKind, bare: TokenKind): boolean {
    const after = this.at + 1;
    if (this.endsWord(after)) return this.single(bare);
    const end = endOfWord(this.text, after);
    if (!this.endsWord(end)) return this.badCharacter(end);
    this.push(kind, end);
    return true;
  }

  private word(): boolean {
    const { text, at } = this;
    const end = endOfWord(text, at);
    if (end === at) {
      const char = this.characterAt(at);
      if (char <= "~" && isPrintable(char)) return this.single("char");
      return this.fail(`unrecognized character in action: ${named(char)}`);
    }
    if (!this.endsWord(end)) return this.badCharacter(end);
    const word = text.slice(at, end);
    const keyword = keywordOf(word);
    const isName = (keyword === "break" || keyword === "continue") && this.options.isFunction(keyword);
    const plain = word === "true" || word === "false" ? "bool" : "identifier";
    this.push(keyword === undefined || isName ? plain : keyword, end);
    return true;
  }

  private number(): boolean {
    const { text, at } = this;
    const end = endOf(NUMBER, text, at);
    if (endOfWord(text, end) > end) return this.badNumber(end + this.characterAt(end).length);
    if (text[end] !== "+" && text[end] !== "-") {
      this.push("number", end);
      return true;
    }
    const whole = endOf(NUMBER, text, end);
    if (endOfWord(text, whole) > whole) return this.badNumber(whole + this.characterAt(whole).length);
    if (text[whole - 1] !== "i") return this.badNumber(whole);
    this.push("complex", whole);
    return true;
  }

  private badNumber(end: number): false {
    return this.fail(`bad number syntax: ${quote(this.text.slice(this.at, end))}`);
  }

  /** Whether what is at an offset may follow a name. */
  private endsWord(at: number): boolean {
    const char = this.text[at];
    if (char === undefined || isSpace(char) || ".,|:)(".includes(char)) return true;
    return this.text.startsWith(this.options.close, at);
  }
}

/** Where letters, digits and underscores end that Go knows as such. */
function endOfWord(text: string, from: number): number {
  const end = endOf(WORD, text, from);
  const newer = text.slice(from, end).search(NEWER_CHARACTERS);
  return newer < 0 ? end : from + newer;
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

function isSpace(char: string | undefined): boolean {
  return char === " " || char === "\n" || char === "\t" || char === "\r";
}

/** A character as `%#U` prints it. */
function named(char: string): string {
  const shown = isEscapedByte(char) ? "\ufffd" : char;
  const code = (shown.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return isPrintable(shown) ? `U+${code} '${shown}'` : `U+${code}`;
}
