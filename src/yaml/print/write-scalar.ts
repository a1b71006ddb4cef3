import { isBlank, isBreak } from "../characters.ts";
import { isPrintable } from "./scalar-analysis.ts";
import type { Writer } from "./writer.ts";

/** Count of characters (a surrogate pair is one). */
function characters(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) count--;
  return count;
}

/** A plain scalar: one line, folded at single spaces behind the width when `mayFold`. */
export function writePlain(writer: Writer, text: string, mayFold: boolean): void {
  if (!writer.whitespace && (text !== "" || writer.dialect.flavor === "v2")) writer.put(" ");
  let spaces = false;
  let from = 0;
  if (mayFold && writer.column + text.length > writer.dialect.width) {
    for (let at = 0; at < text.length; at++) {
      if (text.charCodeAt(at) !== 32) {
        spaces = false;
        continue;
      }
      const column = writer.column + characters(text.slice(from, at));
      if (!spaces && column > writer.dialect.width && text.charCodeAt(at + 1) !== 32) {
        writer.put(text.slice(from, at));
        writer.indention = false;
        writer.writeIndent();
        from = at + 1;
      }
      spaces = true;
    }
  }
  writer.put(text.slice(from), characters(text.slice(from)));
  if (text !== "" || writer.dialect.flavor === "v2") writer.whitespace = false;
  writer.indention = false;
}

/** A single-quoted scalar, folded like a plain one; breaks are doubled so that they stay. */
export function writeSingleQuoted(writer: Writer, text: string, mayFold: boolean): void {
  writer.indicator("'", true);
  let spaces = false;
  let breaks = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 32) {
      const inside = at > 0 && at < text.length - 1;
      if (mayFold && !spaces && writer.column > writer.dialect.width && inside && text.charCodeAt(at + 1) !== 32) {
        writer.writeIndent();
      } else {
        writer.put(" ");
      }
      spaces = true;
    } else if (isBreak(code)) {
      if (code === 10) {
        if (!breaks) writer.breakLine();
        writer.breakLine();
      } else {
        writer.putOtherBreak(text.charAt(at));
      }
      breaks = true;
    } else {
      if (breaks) writer.writeIndent();
      const end = endOfRun(text, at);
      const run = text.slice(at, end);
      writer.put(run.replaceAll("'", "''"), characters(run) + (run.split("'").length - 1));
      writer.indention = false;
      spaces = breaks = false;
      at = end - 1;
    }
  }
  writer.indicator("'", false);
}

function endOfRun(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== 32 && !isBreak(text.charCodeAt(at))) at++;
  return at;
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x00, "\\0"],
  [0x07, "\\a"],
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0b, "\\v"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
  [0x1b, "\\e"],
  [0x22, '\\"'],
  [0x5c, "\\\\"],
  [0x85, "\\N"],
  [0xa0, "\\_"],
  [0x2028, "\\L"],
  [0x2029, "\\P"],
]);

function escaped(code: number): string {
  const short = ESCAPES.get(code);
  if (short !== undefined) return short;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/**
 * A double-quoted scalar, everything that is not printable escaped, folded at spaces behind the width.
 *
 * A text that starts with a byte order mark is escaped throughout, as the Go libraries do.
 */
export function writeDoubleQuoted(writer: Writer, text: string, mayFold: boolean): void {
  writer.indicator('"', true);
  const escapeAll = text.charCodeAt(0) === 0xfeff;
  let spaces = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0;
    if (code > 0xffff) at++;
    if (escapeAll || !isPrintable(code) || code === 34 || code === 92 || isBreak(code)) {
      writer.put(escaped(code));
      spaces = false;
    } else if (code === 32) {
      if (mayFold && !spaces && writer.column > writer.dialect.width && at > 0 && at < text.length - 1) {
        writer.indention = false;
        writer.writeIndent();
        if (text.charCodeAt(at + 1) === 32) writer.put("\\");
      } else {
        writer.put(" ");
      }
      spaces = true;
    } else {
      const end = endOfWord(text, at);
      writer.put(text.slice(at, end));
      spaces = false;
      at = end - 1;
    }
  }
  writer.indicator('"', false);
}

/** End of the characters from `from` on that need neither an escape nor a look. */
function endOfWord(text: string, from: number): number {
  let at = from + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 34 || code === 92 || !isPrintable(code) || isBreak(code)) break;
  }
  return at;
}

/** `|` or `>` with indentation and chomping indicators. */
export function writeBlockHeader(writer: Writer, text: string, indicator: "|" | ">"): void {
  writer.indicator(indicator, true);
  const first = text.charCodeAt(0);
  if (first === 32 || isBreak(first)) writer.indicator(String(writer.dialect.indent), false);
  const chomping = chompingOf(text);
  if (chomping !== "") writer.indicator(chomping, false);
  writer.openEnded = chomping === "+";
}

function chompingOf(text: string): "" | "-" | "+" {
  if (text === "" || !isBreak(text.charCodeAt(text.length - 1))) return "-";
  if (text.length === 1) return "+";
  return isBreak(text.charCodeAt(text.length - 2)) ? "+" : "";
}

/** The lines of a literal scalar, behind its header and the break after it. */
export function writeLiteralLines(writer: Writer, text: string): void {
  writer.whitespace = true;
  if (writer.dialect.flavor === "v2") writer.indention = true;
  let breaks = true;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (isBreak(code)) {
      if (code === 10) writer.breakLine();
      else writer.putOtherBreak(text.charAt(at));
      breaks = true;
      at++;
    } else {
      if (breaks) writer.writeIndent();
      let end = at;
      while (end < text.length && !isBreak(text.charCodeAt(end))) end++;
      writer.put(text.slice(at, end));
      writer.indention = false;
      breaks = false;
      at = end;
    }
  }
}

/** The lines of a folded scalar, behind its header and the break after it. */
export function writeFoldedLines(writer: Writer, text: string): void {
  writer.whitespace = true;
  if (writer.dialect.flavor === "v2") writer.indention = true;
  let breaks = true;
  let leadingSpaces = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isBreak(code)) {
      if (!breaks && !leadingSpaces && code === 10 && !startsWithBlankLine(text)) writer.breakLine();
      if (code === 10) writer.breakLine();
      else writer.putOtherBreak(text.charAt(at));
      breaks = true;
      continue;
    }
    if (breaks) {
      writer.writeIndent();
      leadingSpaces = code === 32 || code === 9;
    }
    const next = text.charCodeAt(at + 1);
    if (!breaks && code === 32 && next !== 32 && writer.column > writer.dialect.width) {
      writer.writeIndent();
    } else {
      const wide = (code & 0xfc00) === 0xd800;
      writer.put(wide ? text.slice(at, at + 2) : text.charAt(at), 1);
      if (wide) at++;
    }
    writer.indention = false;
    breaks = false;
  }
}

/** The Go libraries look at the start of the text here, not at the place of the break. */
function startsWithBlankLine(text: string): boolean {
  let at = 0;
  while (at < text.length && isBreak(text.charCodeAt(at))) at++;
  const code = text.charCodeAt(at);
  return Number.isNaN(code) || code === 32 || code === 9;
}

/**
 * True when what `writeFoldedLines` writes reads as `text` again. Between two lines without indentation one break more
 * is written than is meant, elsewhere none; the Go libraries decide that by the start of the whole text.
 */
export function foldsBack(text: string): boolean {
  if (/[\u2028\u2029]/.test(text)) return false;
  const startsBlank = startsWithBlankLine(text);
  // The end counts as a break of nothing: a last line without one would be tried again from each of its characters.
  for (const { 1: before = "", 2: breaks = "", 3: after = "" } of text.matchAll(/([^\n]+)(\n+|$)(?=([^\n]?))/g)) {
    const indented = isBlank(before.charCodeAt(0));
    const oneMore = !indented && !startsBlank;
    if (after === "" ? oneMore && breaks.length > 1 : oneMore !== (!indented && !isBlank(after.charCodeAt(0))))
      return false;
  }
  return true;
}
