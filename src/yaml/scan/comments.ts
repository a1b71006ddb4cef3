import { isBlank, isBreak, isBreakOrEnd } from "../characters.ts";
import type { Mark, ScanState } from "./state.ts";

/** How far the Go library looks for the next comment or character. */
const LOOK_AHEAD = 512;

/** Line breaks between the last character that is not blank and `pos`. */
function newlinesBefore(state: ScanState): number {
  const text = state.text;
  let count = 0;
  for (let at = state.pos - 1; at >= 0; at--) {
    const code = text.charCodeAt(at);
    if (isBlank(code)) continue;
    if (!isBreak(code)) break;
    if (code === 10 && text.charCodeAt(at - 1) === 13) at--;
    count++;
  }
  return count;
}

function endOfComment(text: string, from: number): number {
  let at = from;
  while (!isBreakOrEnd(text.charCodeAt(at))) at++;
  return at;
}

/**
 * Takes a comment that follows a token in its line, for the token that starts at `tokenIndex`.
 *
 * Source: yaml.v3 attaches line comments so; the tables under `fixtures/yaml` were made with it.
 */
export function scanLineComment(state: ScanState, tokenIndex: number): void {
  const text = state.text;
  let at = state.pos;
  let code = text.charCodeAt(at);
  if (code !== 35 && !isBlank(code)) return;
  while (isBlank(code) && at - state.pos < LOOK_AHEAD) code = text.charCodeAt(++at);
  if (code !== 35 || at - state.pos >= LOOK_AHEAD || newlinesBefore(state) > 0) return;
  const end = endOfComment(text, at);
  state.comments.push({
    scanIndex: 0,
    tokenIndex,
    startIndex: at,
    startLine: state.line,
    startColumn: at - state.lineStart,
    endIndex: 0,
    head: "",
    line: text.slice(at, end),
    foot: "",
  });
  state.pos = end;
}

/** What `scanComments` has to know about the token before the comments. */
export interface TokenBefore {
  readonly index: number;
  readonly isValueIndicator: boolean;
}

/**
 * Takes the run of whole-line comments at `pos` and splits it into what belongs below the token before (foot) and what
 * belongs above the next one (head): by empty lines and by indentation. The state ends behind the last comment taken.
 *
 * Columns count from 1 here and from 0 for line comments: closing blocks compare both with `indent + 1`, and so a
 * comment behind a token is never taken for one at the indentation of a block.
 */
export function scanComments(state: ScanState, scanMark: Mark, before: TokenBefore): void {
  const text = state.text;
  const newlines = newlinesBefore(state);
  const indent = Math.max(state.indent, 0);
  const footLine = scanMark.line === 0 ? -1 : state.line - newlines + 1 + (newlines === 0 && state.column > 1 ? 1 : 0);

  let scanIndex = scanMark.index;
  let tokenIndex = before.index;
  let line = state.line;
  let column = state.column;
  let startIndex = 0;
  let startLine = 0;
  let startColumn = 0;
  let comment = "";
  let adjacent = newlines <= 1;
  let afterEmptyLine = false;
  const takeFoot = (end: number) => {
    state.comments.push({
      scanIndex,
      tokenIndex,
      startIndex,
      startLine,
      startColumn,
      endIndex: end,
      head: "",
      line: "",
      foot: comment,
    });
    scanIndex = tokenIndex = end;
    comment = "";
  };

  let at = state.pos;
  for (; at - state.pos < LOOK_AHEAD; at++) {
    column++;
    const code = text.charCodeAt(at);
    if (isBlank(code)) continue;
    const closesFlow = state.flowLevel > 0 && (code === 93 || code === 125);
    if (closesFlow || isBreakOrEnd(code)) {
      if (closesFlow || !afterEmptyLine) {
        const outdented = startColumn - 1 < indent;
        const below = startLine === footLine && !before.isValueIndicator;
        if (closesFlow || (adjacent && (below || outdented))) {
          if (comment !== "") {
            if (outdented) tokenIndex = startIndex;
            takeFoot(at);
          }
        } else if (comment !== "" && code !== 0) {
          comment += "\n";
        }
      }
      if (!isBreak(code)) break;
      adjacent = false;
      afterEmptyLine = true;
      column = 0;
      line++;
      continue;
    }
    if (comment !== "" && column - 1 < indent && column !== startColumn) takeFoot(at);
    if (code !== 35) break;
    if (comment === "") {
      startIndex = at;
      startLine = line;
      startColumn = column;
    } else {
      comment += "\n";
    }
    afterEmptyLine = false;
    while (state.pos < at) {
      if (isBreak(text.charCodeAt(state.pos))) state.breakLine();
      else state.pos++;
    }
    const end = endOfComment(text, at);
    comment += text.slice(at, end);
    state.pos = end;
    // The break that ends a comment is no empty line: the look-ahead goes on behind it.
    at = end;
    column = 0;
    line = state.line;
  }
  if (comment !== "") {
    state.comments.push({
      scanIndex,
      tokenIndex: startIndex,
      startIndex,
      startLine,
      startColumn,
      endIndex: at - 1,
      head: comment,
      line: "",
      foot: "",
    });
  }
}
