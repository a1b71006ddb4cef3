import { breakText, isBlank, isBreak, isBreakOrEnd } from "../characters.ts";
import { scanLineComment } from "./comments.ts";
import type { Scanned } from "./flow-scalar.ts";
import type { ScanState } from "./state.ts";

/** What is kept of the line breaks at the end. */
type Chomping = "clip" | "strip" | "keep";

interface Header {
  readonly chomping: Chomping;
  /** Indentation indicator, 0 when the text decides. */
  readonly increment: number;
}

/**
 * Scans a literal (`|`) or folded (`>`) scalar from its indicator on; the state ends at the first line outside of it.
 *
 * Source: YAML 1.1, sections 9.3.1 to 9.3.3, as libyaml reads them.
 * @throws {YamlError} `YAML_SYNTAX`, `YAML_TAB`.
 */
export function scanBlockScalar(state: ScanState, literal: boolean, out: Scanned): void {
  const start = state.line;
  const header = scanHeader(state);
  const given = header.increment === 0 ? 0 : Math.max(state.indent, 0) + header.increment;
  const lines = new BlockLines(state, start, given);

  const parts: string[] = [];
  let leadingBreak = "";
  let breaks = lines.emptyLines();
  let previousBlank = false;
  const text = state.text;
  while (state.pos - state.lineStart === lines.indent && text.charCodeAt(state.pos) !== 0) {
    const blank = isBlank(text.charCodeAt(state.pos));
    // Between two lines that start with text a single break folds to a space; indented lines keep theirs.
    if (!literal && !previousBlank && !blank && leadingBreak === "\n") {
      if (breaks === "") parts.push(" ");
    } else {
      parts.push(leadingBreak);
    }
    parts.push(breaks);
    previousBlank = blank;
    const lineEnd = endOfLine(text, state.pos);
    parts.push(text.slice(state.pos, lineEnd));
    state.pos = lineEnd;
    leadingBreak = "";
    lines.end = lineEnd;
    const code = text.charCodeAt(lineEnd);
    if (isBreak(code)) {
      leadingBreak = breakText(code);
      state.breakLine();
    }
    breaks = lines.emptyLines();
  }
  if (header.chomping !== "strip") parts.push(leadingBreak);
  if (header.chomping === "keep") parts.push(breaks);
  out.value = parts.join("");
  out.end = lines.end;
}

function endOfLine(text: string, from: number): number {
  let at = from;
  let code = text.charCodeAt(at);
  while (code !== 10 && code !== 13 && code !== 0 && code !== 0x85 && code !== 0x2028 && code !== 0x2029) {
    code = text.charCodeAt(++at);
  }
  return at;
}

function scanHeader(state: ScanState): Header {
  const text = state.text;
  const start = state.line;
  const startIndex = state.pos;
  state.pos++;
  let chomping: Chomping = "clip";
  let increment = 0;
  const readChomping = (): boolean => {
    const code = text.charCodeAt(state.pos);
    if (code !== 43 && code !== 45) return false;
    chomping = code === 43 ? "keep" : "strip";
    state.pos++;
    return true;
  };
  const readIncrement = (): void => {
    const code = text.charCodeAt(state.pos);
    if (code < 48 || code > 57) return;
    if (code === 48) throw state.scanError("found an indentation indicator equal to 0", start);
    increment = code - 48;
    state.pos++;
  };
  if (readChomping()) {
    readIncrement();
  } else {
    readIncrement();
    if (increment > 0) readChomping();
  }
  while (isBlank(text.charCodeAt(state.pos))) state.pos++;
  if (text.charCodeAt(state.pos) === 35) {
    if (state.keepComments) scanLineComment(state, startIndex);
    state.pos = endOfLine(text, state.pos);
  }
  if (!isBreakOrEnd(text.charCodeAt(state.pos))) {
    throw state.scanError("did not find expected comment or line break", start);
  }
  if (isBreak(text.charCodeAt(state.pos))) state.breakLine();
  return { chomping, increment };
}

/** Steps over indentation and empty lines, and finds the indentation of the scalar if it is not given. */
class BlockLines {
  indent: number;
  end: number;
  private readonly state: ScanState;
  private readonly start: number;

  constructor(state: ScanState, start: number, indent: number) {
    this.state = state;
    this.start = start;
    this.indent = indent;
    this.end = state.pos;
  }

  /** The breaks of the empty lines from here to the next line of text, which may be outside of the scalar. */
  emptyLines(): string {
    const { state } = this;
    const text = state.text;
    let breaks = "";
    let widest = 0;
    for (;;) {
      while ((this.indent === 0 || state.pos - state.lineStart < this.indent) && text.charCodeAt(state.pos) === 32) {
        state.pos++;
      }
      const column = state.pos - state.lineStart;
      if (column > widest) widest = column;
      const code = text.charCodeAt(state.pos);
      if (code === 9 && (this.indent === 0 || column < this.indent)) {
        throw state.scanError("found a tab character where an indentation space is expected", this.start, "YAML_TAB");
      }
      if (!isBreak(code)) break;
      breaks += breakText(code);
      state.breakLine();
    }
    if (this.indent === 0) this.indent = Math.max(widest, state.indent + 1, 1);
    return breaks;
  }
}
