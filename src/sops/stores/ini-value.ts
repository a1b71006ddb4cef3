/**
 * How values, keys and names of sections are read in INI, and quoted so that they are read again.
 *
 * Source: what the original takes and prints: blanks around are trimmed, `#` and `;` begin a comment anywhere, a `\` at the
 * end joins the next line, a value may stand in backticks or three double quotes over several lines.
 */

/** Gives the next line with its line break; undefined at the end. */
export type NextLine = () => string | undefined;

export interface ReadValue {
  readonly text: string;
  /** The comment behind the value with its mark, `""` when there is none. */
  readonly comment: string;
}

/** The value that begins behind a delimiter. Undefined when its quotes are not closed. */
export function readIniValue(rest: string, nextLine: NextLine): ReadValue | undefined {
  const text = trimStart(rest);
  if (text === "") return { text: "", comment: "" };
  const quote = text.length > 3 && text.startsWith(TRIPLE) ? TRIPLE : text.startsWith("`") ? "`" : "";
  if (quote !== "") return readQuoted(text.slice(quote.length), quote, nextLine);
  const trimmed = trim(text);
  if (trimmed.endsWith("\\")) return { text: readContinued(trimmed.slice(0, -1), nextLine), comment: "" };
  const at = trimmed.search(/[#;]/);
  const value = at < 0 ? trimmed : trim(trimmed.slice(0, at));
  return { text: unquoted(value), comment: at < 0 ? "" : trimmed.slice(at) };
}

const TRIPLE = '"""';

function readQuoted(text: string, quote: string, nextLine: NextLine): ReadValue | undefined {
  const end = text.lastIndexOf(quote);
  if (end >= 0) return { text: text.slice(0, end), comment: "" };
  const parts = [text];
  for (let line = nextLine(); line !== undefined; line = nextLine()) {
    const at = line.lastIndexOf(quote);
    if (at < 0) {
      parts.push(line);
      continue;
    }
    parts.push(line.slice(0, at));
    const mark = line.slice(at).search(/[#;]/);
    return { text: parts.join(""), comment: mark < 0 ? "" : trim(line.slice(at + mark)) };
  }
  return undefined;
}

function readContinued(first: string, nextLine: NextLine): string {
  const parts = [first];
  for (let line = nextLine(); line !== undefined; line = nextLine()) {
    const next = trim(line);
    if (!next.endsWith("\\")) {
      parts.push(next);
      break;
    }
    parts.push(next.slice(0, -1));
  }
  return parts.join("");
}

function unquoted(text: string): string {
  const [first = ""] = text;
  return text.length >= 2 && (first === '"' || first === "'") && text.endsWith(first) ? text.slice(1, -1) : text;
}

export type ReadKey = { readonly key: string; readonly rest: string } | { readonly problem: KeyProblem };
export type KeyProblem = "key-value delimiter not found" | "empty key name" | "missing closing key quote";

/** The key at the start of a line, and what is behind its delimiter. */
export function readIniKey(line: string): ReadKey {
  const quote = line.startsWith(TRIPLE) && line.length > 6 ? TRIPLE : /^["`]/.test(line) ? line.slice(0, 1) : "";
  const from = quote.length;
  const close = quote === "" ? 0 : line.indexOf(quote, from);
  if (close < 0) return { problem: "missing closing key quote" };
  const behind = close + from;
  const at = line.slice(behind).search(/[=:]/);
  if (at < 0) return { problem: "key-value delimiter not found" };
  const key = trim(quote === "" ? line.slice(0, at) : line.slice(from, close));
  return key === "" ? { problem: "empty key name" } : { key, rest: line.slice(behind + at + 1) };
}

/** The name in a line `[name]`; undefined when it is not closed. */
export function readSectionName(line: string): string | undefined {
  const close = line.lastIndexOf("]");
  return close < 0 ? undefined : line.slice(1, close);
}

/** A value as the original writes it; in other quotes where that would be read as another. Undefined when none does. */
export function quoteIniValue(text: string): string | undefined {
  const usual = /[\n`]/.test(text)
    ? TRIPLE + text + TRIPLE
    : /[#;]/.test(text)
      ? `\`${text}\``
      : trim(text) === text
        ? text
        : `"${text}"`;
  const others = [`\`${text}\``, TRIPLE + text + TRIPLE, `"${text}"`];
  return [usual, ...others].find((quoted) => readsAs(quoted, text));
}

function readsAs(quoted: string, text: string): boolean {
  const lines = `${quoted}\n`.split(/(?<=\n)/);
  let at = 0;
  const read = readIniValue(lines[at++] ?? "", () => lines[at++]);
  return read?.text === text && read.comment === "" && at === lines.length;
}

/** A key as the original writes it; in other quotes where that would be read as another. Undefined when none does. */
export function quoteIniKey(key: string): string | undefined {
  const usual = /["=:]/.test(key) ? `\`${key}\`` : key.includes("`") ? TRIPLE + key + TRIPLE : key;
  return [usual, `\`${key}\``, TRIPLE + key + TRIPLE, `"${key}"`].find((quoted) => {
    const line = `${quoted} = `;
    if (/^[#;[]/.test(line) || key.includes("\n") || quoted === AUTO_KEY) return false;
    const read = readIniKey(trimStart(line));
    return "key" in read && read.key === key && trim(read.rest) === "";
  });
}

/** This key stands for a number: the first in a section is `#1`. */
export const AUTO_KEY = "-";

/** What counts as a blank: the white space of Unicode. Source: Go's unicode.IsSpace. */
const BLANKS = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const LEADING = new RegExp(`^${BLANKS}+`);
const BLANK = new RegExp(`^${BLANKS}$`);

export function trimStart(text: string): string {
  return text.replace(LEADING, "");
}

export function trim(text: string): string {
  let end = text.length;
  while (end > 0 && BLANK.test(text.charAt(end - 1))) end--;
  return trimStart(text.slice(0, end));
}
