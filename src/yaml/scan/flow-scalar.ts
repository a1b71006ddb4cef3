import {
  BLANK,
  BREAK,
  breakText,
  CLASS,
  COLON,
  END,
  FLOW_INDICATOR,
  isBlank,
  isBlankOrEnd,
  isBreak,
} from "../characters.ts";
import { scanEscape } from "./escape.ts";
import type { ScanState } from "./state.ts";

/** Collects a scalar that is usually one slice of the text. */
class Pieces {
  private done = "";
  private from: number;
  private readonly text: string;

  constructor(text: string, from: number) {
    this.text = text;
    this.from = from;
  }

  /** Takes the text up to `end`, then `extra`, and goes on at `from`. */
  replace(end: number, extra: string, from: number): void {
    this.done += this.text.slice(this.from, end) + extra;
    this.from = from;
  }

  /** The end before `end` without the blanks in front of it, as far as they were not escaped. */
  trimmed(end: number): number {
    let at = end;
    while (at > this.from && isBlank(this.text.charCodeAt(at - 1))) at--;
    return at;
  }

  finish(end: number): string {
    return this.done === "" ? this.text.slice(this.from, end) : this.done + this.text.slice(this.from, end);
  }
}

/** What the breaks in a scalar become: one becomes a space, further ones stay; LS and PS are never folded. */
function fold(first: string, more: string): string {
  if (first !== "\n") return first + more;
  return more === "" ? " " : more;
}

/**
 * Steps over blanks and breaks; returns what the breaks fold to, or undefined when there was none. After a break, a tab
 * in front of column `tabColumn` is refused: it would be indentation.
 */
function skipFolded(state: ScanState, tabColumn: number, startLine: number): string | undefined {
  const text = state.text;
  let first = "";
  let more = "";
  for (;;) {
    const code = text.charCodeAt(state.pos);
    if (code === 32 || code === 9) {
      if (code === 9 && first !== "" && state.pos - state.lineStart < tabColumn) {
        throw state.scanError("found a tab character that violates indentation", startLine, "YAML_TAB");
      }
      state.pos++;
    } else if (isBreak(code)) {
      if (first === "") first = breakText(code);
      else more += breakText(code);
      state.breakLine();
    } else {
      return first === "" ? undefined : fold(first, more);
    }
  }
}

/** End of the last scalar scanned: saves an object per scalar. */
export interface Scanned {
  value: string;
  end: number;
}

/**
 * Scans a plain scalar into `out`; the state ends behind the blanks and breaks that follow it.
 *
 * Source: YAML 1.1, section 9.1.3, as libyaml reads it.
 * @throws {YamlError} `YAML_TAB` when a continuation line is indented with a tab.
 */
export function scanPlain(state: ScanState, out: Scanned): void {
  const text = state.text;
  const startLine = state.line;
  const indent = state.indent + 1;
  const flow = state.flowLevel > 0;
  const from = state.pos;
  let end = endOfPlainRun(text, from, flow);
  // Most scalars are one line without a fold: they are one slice.
  let code = text.charCodeAt(end);
  let at = end;
  while (code === 32 || code === 9) {
    do code = text.charCodeAt(++at);
    while (code === 32 || code === 9);
    if (code === 35 || isBreak(code)) break;
    const next = endOfPlainRun(text, at, flow);
    if (next === at) break;
    end = at = next;
    code = text.charCodeAt(end);
  }
  state.pos = end;
  if (!isBreak(code)) {
    state.pos = at;
    out.value = text.slice(from, end);
    out.end = end;
    return;
  }
  scanPlainLines(state, { out, from, end, indent, flow, startLine });
}

interface PlainStart {
  readonly out: Scanned;
  readonly from: number;
  readonly end: number;
  readonly indent: number;
  readonly flow: boolean;
  readonly startLine: number;
}

/** Goes on with a plain scalar whose first line ended in a break. */
function scanPlainLines(state: ScanState, start: PlainStart): void {
  const text = state.text;
  const pieces = new Pieces(text, start.from);
  let end = start.end;
  let folded: string | undefined;
  for (;;) {
    const code = text.charCodeAt(state.pos);
    if (!isBlank(code) && !isBreak(code)) break;
    folded = skipFolded(state, start.indent, start.startLine);
    if (!start.flow && state.pos - state.lineStart < start.indent) break;
    if (state.pos === state.lineStart && state.atDocumentIndicator()) break;
    if (text.charCodeAt(state.pos) === 35) break;
    const to = endOfPlainRun(text, state.pos, start.flow);
    if (to === state.pos) break;
    if (folded !== undefined) {
      pieces.replace(end, folded, state.pos);
      folded = undefined;
    }
    end = to;
    state.pos = to;
  }
  if (folded !== undefined) state.simpleKeyAllowed = true;
  start.out.value = pieces.finish(end);
  start.out.end = end;
}

/** End of a run of plain characters: before a blank, a break, the end, `: `, or a flow indicator inside a flow. */
function endOfPlainRun(text: string, from: number, flow: boolean): number {
  const stop = flow ? BLANK | BREAK | END | COLON | FLOW_INDICATOR : BLANK | BREAK | END | COLON;
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code < 128) {
      const bits = (CLASS[code] ?? 0) & stop;
      if (bits !== 0 && (bits !== COLON || isBlankOrEnd(text.charCodeAt(at + 1)))) return at;
    } else if (code === 0x85 || code === 0x2028 || code === 0x2029) {
      return at;
    }
    at++;
  }
}

/**
 * Scans a single-quoted or double-quoted scalar into `out`; the state ends behind the closing quote.
 *
 * Source: YAML 1.1, sections 9.1.1 and 9.1.2, as libyaml reads them.
 * @throws {YamlError} `YAML_SYNTAX` for an unknown escape, a document marker inside, or a missing quote.
 */
export function scanQuoted(state: ScanState, single: boolean, out: Scanned): void {
  const text = state.text;
  const startLine = state.line;
  const quote = single ? 39 : 34;
  state.pos++;
  const pieces = new Pieces(text, state.pos);
  for (;;) {
    if (state.pos === state.lineStart && state.atDocumentIndicator()) {
      throw state.scanError("found unexpected document indicator", startLine);
    }
    let at = state.pos;
    let code = text.charCodeAt(at);
    while (code !== quote && code !== 92 && code !== 10 && code !== 13 && code !== 0 && code < 128) {
      code = text.charCodeAt(++at);
    }
    state.pos = at;
    if (code === quote) {
      state.pos++;
      if (!single || text.charCodeAt(state.pos) !== 39) {
        out.value = pieces.finish(at);
        out.end = state.pos;
        return;
      }
      state.pos++;
      pieces.replace(at, "'", state.pos);
    } else if (isBreak(code)) {
      const end = pieces.trimmed(at);
      pieces.replace(end, skipFolded(state, 0, startLine) ?? "", state.pos);
    } else if (code === 0) {
      throw state.scanError("found unexpected end of stream", startLine);
    } else if (code === 92 && !single) {
      pieces.replace(
        at,
        isBreak(text.charCodeAt(at + 1)) ? skipEscapedBreak(state) : scanEscape(state, startLine),
        state.pos,
      );
    } else {
      state.pos++;
    }
  }
}

/** A backslash before a break joins the lines; only further empty lines are kept. */
function skipEscapedBreak(state: ScanState): string {
  state.pos++;
  state.breakLine();
  let breaks = "";
  for (;;) {
    const code = state.text.charCodeAt(state.pos);
    if (isBlank(code)) {
      state.pos++;
    } else if (isBreak(code)) {
      breaks += breakText(code);
      state.breakLine();
    } else {
      return breaks;
    }
  }
}
