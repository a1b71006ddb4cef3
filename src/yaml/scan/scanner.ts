import { CLASS, INDICATOR, isBlankOrEnd, isBreak, isBreakOrEnd } from "../characters.ts";
import { SIMPLE_KEY_LENGTH } from "../limits.ts";
import { scanBlockScalar } from "./block-scalar.ts";
import { scanComments, scanLineComment } from "./comments.ts";
import { scanDirective } from "./directive.ts";
import { type Scanned, scanPlain, scanQuoted } from "./flow-scalar.ts";
import { type Mark, type ScanOptions, ScanState } from "./state.ts";
import { endOfWord, scanTag } from "./tag.ts";
import {
  ALIAS,
  ANCHOR,
  BLOCK_END,
  BLOCK_ENTRY,
  BLOCK_MAPPING_START,
  BLOCK_SEQUENCE_START,
  DOCUMENT_END,
  DOCUMENT_START,
  FLOW_ENTRY,
  FLOW_MAPPING_END,
  FLOW_MAPPING_START,
  FLOW_SEQUENCE_END,
  FLOW_SEQUENCE_START,
  KEY,
  SCALAR,
  type ScalarStyle,
  SimpleKey,
  STREAM_END,
  TAG,
  TAG_DIRECTIVE,
  type Token,
  type TokenKind,
  VALUE,
  VERSION_DIRECTIVE,
} from "./token.ts";

/** Consumed tokens are dropped from the front of the queue when there are so many. */
const QUEUE_SLACK = 512;

/**
 * Turns a text into tokens. Block structure becomes explicit here: indentation makes `BLOCK_*_START` and `BLOCK_END`,
 * and a scalar followed by `: ` gets a `KEY` in front of it, for which tokens wait in a queue. One file, because every
 * kind of token works on that queue.
 *
 * Source: YAML 1.1; where the specification and libyaml (and with it the Go libraries) differ, libyaml counts.
 */
export class Scanner {
  readonly state: ScanState;
  private queue: Token[] = [];
  private head = 0;
  private tokensTaken = 0;
  private ready = false;
  private ended = false;
  private readonly indents: number[] = [];
  private readonly simpleKeys: SimpleKey[] = [new SimpleKey()];
  private readonly scanned: Scanned = { value: "", end: 0 };
  private commentSteps = 0;

  constructor(text: string, options: ScanOptions) {
    this.state = new ScanState(text, options);
  }

  /** The next token, which stays. @throws {YamlError} */
  peek(): Token {
    if (!this.ready) this.fill();
    const token = this.queue[this.head];
    if (token === undefined) throw new RangeError("peek() after the end of the stream");
    return token;
  }

  /** Drops the token that `peek` gave. */
  skip(): void {
    this.ready = false;
    this.head++;
    this.tokensTaken++;
    if (this.head >= QUEUE_SLACK) {
      // Two old tokens stay: comments are attached by what stands before them.
      this.queue.splice(0, this.head - 2);
      this.head = 2;
    }
  }

  private fill(): void {
    for (;;) {
      const waiting = this.queue.length - this.head;
      // Comments are attached with two tokens of look-ahead.
      const enough = this.ended || waiting > (this.state.keepComments ? 2 : 0);
      if (enough && (!this.headMayBecomeKey() || this.ended)) break;
      this.readNext();
    }
    this.ready = true;
  }

  private headMayBecomeKey(): boolean {
    const key = this.queue[this.head]?.key;
    return key !== undefined && key.tokenNumber === this.tokensTaken && this.isValid(key);
  }

  private isValid(key: SimpleKey): boolean {
    if (!key.possible) return false;
    const { state } = this;
    if (key.line === state.line && !this.isTooLong(key)) return true;
    if (key.required) throw this.expectedColon(key);
    key.possible = false;
    return false;
  }

  private isTooLong(key: SimpleKey): boolean {
    const { pos, text } = this.state;
    const units = pos - key.index;
    if (units <= SIMPLE_KEY_LENGTH) return false;
    if (units > 2 * SIMPLE_KEY_LENGTH) return true;
    let characters = units;
    for (let at = key.index; at < pos; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) characters--;
    return characters > SIMPLE_KEY_LENGTH;
  }

  private expectedColon(key: SimpleKey): Error {
    return this.state.scanError("could not find expected ':'", key.line);
  }

  private currentKey(): SimpleKey {
    const key = this.simpleKeys[this.simpleKeys.length - 1];
    if (key === undefined) throw new RangeError("a scanner has at least one flow level");
    return key;
  }

  /** Remembers that a key may start here; the next token must be added with it. */
  private saveSimpleKey(): SimpleKey | undefined {
    const { state } = this;
    if (!state.simpleKeyAllowed) return undefined;
    const key = this.currentKey();
    this.dropSimpleKey();
    key.possible = true;
    key.required = state.flowLevel === 0 && state.indent === state.pos - state.lineStart;
    key.tokenNumber = this.tokensTaken + (this.queue.length - this.head);
    key.index = state.pos;
    key.line = state.line;
    key.column = state.pos - state.lineStart;
    return key;
  }

  private dropSimpleKey(): void {
    const key = this.currentKey();
    if (!key.possible) return;
    if (key.required) throw this.expectedColon(key);
    key.possible = false;
  }

  /** Adds a token of `length` characters at the current place, and steps over it. */
  private addIndicator(kind: TokenKind, length: number, key: SimpleKey | undefined = undefined): void {
    const { state } = this;
    const start = state.pos;
    this.queue.push(token(kind, start, start + length, state.line, start - state.lineStart, "", "", "plain", key));
    state.pos += length;
  }

  /** Opens a block collection at `column` if that is deeper than the present one. */
  private rollIndent(kind: TokenKind, start: number, line: number, column: number, at: number): void {
    const { state } = this;
    if (state.flowLevel > 0 || state.indent >= column) return;
    this.indents.push(state.indent);
    state.indent = column;
    this.checkDepth();
    const added = token(kind, start, start, line, column, "", "", "plain", undefined);
    if (at === this.queue.length) this.queue.push(added);
    else this.queue.splice(at, 0, added);
  }

  private checkDepth(): void {
    const { state } = this;
    const most = state.limits.maxDepth;
    if (this.indents.length + state.flowLevel <= most) return;
    throw state.error("YAML_TOO_DEEP", `nested deeper than ${most} levels`, {
      at: state.mark(),
      contextLine: state.line,
      problemLine: state.line,
      scanner: true,
      upstream: "exceeded max depth of 10000",
    });
  }

  /** Closes the block collections that are deeper than `column`. */
  private unrollIndent(column: number, scan: Mark): void {
    const { state } = this;
    if (state.flowLevel > 0) return;
    let end: Mark = { index: scan.index - 1, line: scan.line, column: scan.column };
    while (state.indent > column) {
      if (state.keepComments) end = this.endOfBlock(end);
      this.queue.push(token(BLOCK_END, end.index, end.index, end.line, end.column, "", "", "plain", undefined));
      state.indent = this.indents.pop() ?? -1;
    }
  }

  /**
   * Where a block ends for its comments: before the first of the comments in a row that stand at the indentation of
   * that block, so that deeper ones are still its own.
   */
  private endOfBlock(end: Mark): Mark {
    const { state } = this;
    let found = end;
    let stop = end.index;
    for (let at = state.comments.length - 1; at >= state.commentsHead; at--) {
      const comment = state.comments[at];
      if (comment === undefined || comment.endIndex < stop) break;
      if (comment.startColumn === state.indent + 1) {
        found = { index: comment.startIndex, line: comment.startLine, column: comment.startColumn };
      }
      stop = comment.scanIndex;
      if (++this.commentSteps > state.limits.maxCommentSteps) {
        throw state.scanError("too many comments between nested blocks", state.line, "YAML_TOO_LARGE");
      }
    }
    return found;
  }

  private readNext(): void {
    const { state } = this;
    const text = state.text;
    const { pos: index, line, lineStart } = state;
    this.skipToToken();
    const column = state.pos - state.lineStart;
    if (state.indent > column) this.unrollIndent(column, { index, line, column: index - lineStart });
    const code = text.charCodeAt(state.pos);
    if (code === 0) {
      this.readStreamEnd();
      return;
    }
    if (column === 0) {
      if (code === 37) {
        this.readDirective();
        return;
      }
      if ((code === 45 || code === 46) && state.atDocumentIndicator()) {
        this.closeBlocks();
        this.addIndicator(code === 45 ? DOCUMENT_START : DOCUMENT_END, 3);
        return;
      }
    }
    if (!state.keepComments) {
      this.readToken(code);
      return;
    }
    // Behind `:` of a block or `,` of a flow a comment still belongs to what stands before that indicator.
    const last = this.queue[this.queue.length - 1];
    const belongsBefore = last !== undefined && (state.flowLevel === 0 ? code === 58 : code === 44);
    const commentIndex = belongsBefore ? last.start : state.pos;
    this.readToken(code);
    // A dash has no line comment: what follows it is above its item.
    if (this.queue[this.queue.length - 1]?.kind !== BLOCK_ENTRY) scanLineComment(state, commentIndex);
  }

  private readToken(code: number): void {
    const { state } = this;
    if (code >= 128 || ((CLASS[code] ?? 0) & INDICATOR) === 0) {
      this.readPlain();
      return;
    }
    const next = state.text.charCodeAt(state.pos + 1);
    switch (code) {
      case 91: // [
        this.openFlow(FLOW_SEQUENCE_START);
        return;
      case 123: // {
        this.openFlow(FLOW_MAPPING_START);
        return;
      case 93: // ]
        this.closeFlow(FLOW_SEQUENCE_END);
        return;
      case 125: // }
        this.closeFlow(FLOW_MAPPING_END);
        return;
      case 44: // ,
        this.dropSimpleKey();
        state.simpleKeyAllowed = true;
        this.addIndicator(FLOW_ENTRY, 1);
        return;
      case 45: // -
        if (isBlankOrEnd(next)) this.readBlockEntry();
        else this.readPlain();
        return;
      case 63: // ?
        if (state.flowLevel > 0 || isBlankOrEnd(next)) this.readKey();
        else this.readPlain();
        return;
      case 58: // :
        if (state.flowLevel > 0 || isBlankOrEnd(next)) this.readValue();
        else this.readPlain();
        return;
      case 42: // *
        this.readAnchor(ALIAS);
        return;
      case 38: // &
        this.readAnchor(ANCHOR);
        return;
      case 33: // !
        this.readTag();
        return;
      case 39: // '
        this.readQuoted(true);
        return;
      case 34: // "
        this.readQuoted(false);
        return;
      default:
        // | and > start a block scalar outside of flows; # % @ and the backtick start nothing.
        if ((code === 124 || code === 62) && state.flowLevel === 0) {
          this.readBlockScalar(code === 124);
          return;
        }
        throw state.scanError("found character that cannot start any token");
    }
  }

  /** Steps over blanks, breaks and comments. A tab is no indentation: it may stand only where no key can start. */
  private skipToToken(): void {
    const { state } = this;
    const text = state.text;
    const scanMark = state.keepComments ? state.mark() : undefined;
    for (;;) {
      let code = text.charCodeAt(state.pos);
      while (code === 32 || (code === 9 && (state.flowLevel > 0 || !state.simpleKeyAllowed))) {
        code = text.charCodeAt(++state.pos);
      }
      if (scanMark !== undefined) this.raiseCommentBehindDash(code);
      if (code === 35) {
        if (scanMark !== undefined) {
          scanComments(state, scanMark, this.tokenBefore());
        } else {
          while (!isBreakOrEnd(text.charCodeAt(state.pos))) state.pos++;
        }
        code = text.charCodeAt(state.pos);
      }
      if (!isBreak(code)) {
        if (code === 9) {
          throw state.error("YAML_TAB", "a tab is used for indentation", {
            at: state.mark(),
            contextLine: state.line,
            problemLine: state.line,
            scanner: true,
            upstream: "found character that cannot start any token",
          });
        }
        return;
      }
      state.breakLine();
      if (state.flowLevel === 0) state.simpleKeyAllowed = true;
    }
  }

  private tokenBefore(): { index: number; isValueIndicator: boolean } {
    let before = this.queue[this.queue.length - 1];
    if (before?.kind === FLOW_ENTRY) before = this.queue[this.queue.length - 2] ?? before;
    return { index: before?.start ?? 0, isValueIndicator: before?.kind === VALUE };
  }

  /** A comment behind the first dash of a sequence stands above what follows in the next line. */
  private raiseCommentBehindDash(code: number): void {
    const { state, queue } = this;
    if (state.comments.length <= state.commentsHead || queue.length < 2) return;
    if (queue[queue.length - 1]?.kind !== BLOCK_ENTRY) return;
    if (queue[queue.length - 2]?.kind !== BLOCK_SEQUENCE_START) return;
    const comment = state.comments[state.comments.length - 1];
    if (comment === undefined || comment.line === "" || isBreak(code)) return;
    comment.head = comment.line;
    comment.line = "";
    if (comment.startLine === state.line - 1) comment.tokenIndex = state.pos;
  }

  private closeBlocks(): void {
    this.unrollIndent(-1, this.state.mark());
    this.dropSimpleKey();
    this.state.simpleKeyAllowed = false;
  }

  private readStreamEnd(): void {
    const { state } = this;
    if (state.pos !== state.lineStart) {
      state.line++;
      state.lineStart = state.pos;
    }
    this.closeBlocks();
    this.addIndicator(STREAM_END, 0);
    this.ended = true;
  }

  private readDirective(): void {
    const { state } = this;
    this.closeBlocks();
    const start = state.pos;
    const line = state.line;
    const directive = scanDirective(state);
    this.queue.push(
      directive.kind === "version"
        ? token(VERSION_DIRECTIVE, start, state.pos, line, 0, directive.version, "", "plain", undefined)
        : token(TAG_DIRECTIVE, start, state.pos, line, 0, directive.handle, directive.prefix, "plain", undefined),
    );
  }

  private openFlow(kind: TokenKind): void {
    const { state } = this;
    const key = this.saveSimpleKey();
    this.simpleKeys.push(new SimpleKey());
    state.flowLevel++;
    this.checkDepth();
    state.simpleKeyAllowed = true;
    this.addIndicator(kind, 1, key);
  }

  private closeFlow(kind: TokenKind): void {
    const { state } = this;
    this.dropSimpleKey();
    if (state.flowLevel > 0) {
      state.flowLevel--;
      this.simpleKeys.pop();
    }
    state.simpleKeyAllowed = false;
    this.addIndicator(kind, 1);
  }

  private readBlockEntry(): void {
    const { state } = this;
    if (state.flowLevel === 0) {
      if (!state.simpleKeyAllowed) {
        throw state.scanError("block sequence entries are not allowed in this context");
      }
      const { pos, line } = state;
      this.rollIndent(BLOCK_SEQUENCE_START, pos, line, pos - state.lineStart, this.queue.length);
    }
    this.dropSimpleKey();
    state.simpleKeyAllowed = true;
    this.addIndicator(BLOCK_ENTRY, 1);
  }

  private readKey(): void {
    const { state } = this;
    if (state.flowLevel === 0) {
      if (!state.simpleKeyAllowed) throw state.scanError("mapping keys are not allowed in this context");
      const { pos, line } = state;
      this.rollIndent(BLOCK_MAPPING_START, pos, line, pos - state.lineStart, this.queue.length);
    }
    this.dropSimpleKey();
    state.simpleKeyAllowed = state.flowLevel === 0;
    this.addIndicator(KEY, 1);
  }

  private readValue(): void {
    const { state } = this;
    const key = this.currentKey();
    if (this.isValid(key)) {
      const at = this.head + (key.tokenNumber - this.tokensTaken);
      const { index, line, column } = key;
      this.queue.splice(at, 0, token(KEY, index, index, line, column, "", "", "plain", undefined));
      this.rollIndent(BLOCK_MAPPING_START, index, line, column, at);
      key.possible = false;
      state.simpleKeyAllowed = false;
    } else {
      if (state.flowLevel === 0) {
        if (!state.simpleKeyAllowed) throw state.scanError("mapping values are not allowed in this context");
        const { pos, line } = state;
        this.rollIndent(BLOCK_MAPPING_START, pos, line, pos - state.lineStart, this.queue.length);
      }
      state.simpleKeyAllowed = state.flowLevel === 0;
    }
    this.addIndicator(VALUE, 1);
  }

  private readAnchor(kind: TokenKind): void {
    const { state } = this;
    const key = this.saveSimpleKey();
    state.simpleKeyAllowed = false;
    const start = state.pos;
    const { line } = state;
    const column = start - state.lineStart;
    const end = endOfWord(state.text, start + 1);
    state.pos = end;
    const next = state.text.charCodeAt(end);
    if (end === start + 1 || !(isBlankOrEnd(next) || BEHIND_ANCHOR.has(next))) {
      throw state.scanError("did not find expected alphabetic or numeric character", line);
    }
    const name = state.text.slice(start + 1, end);
    this.queue.push(token(kind, start, end, line, column, name, "", "plain", key));
  }

  private readTag(): void {
    const { state } = this;
    const key = this.saveSimpleKey();
    state.simpleKeyAllowed = false;
    const { pos: start, line, lineStart } = state;
    const { handle, suffix } = scanTag(state);
    this.queue.push(token(TAG, start, state.pos, line, start - lineStart, handle, suffix, "plain", key));
  }

  private readPlain(): void {
    const { state, scanned } = this;
    const key = this.saveSimpleKey();
    state.simpleKeyAllowed = false;
    const { pos: start, line, lineStart } = state;
    scanPlain(state, scanned);
    this.addScalar(start, line, start - lineStart, "plain", key);
  }

  private readQuoted(single: boolean): void {
    const { state, scanned } = this;
    const key = this.saveSimpleKey();
    state.simpleKeyAllowed = false;
    const { pos: start, line, lineStart } = state;
    scanQuoted(state, single, scanned);
    this.addScalar(start, line, start - lineStart, single ? "single" : "double", key);
  }

  private readBlockScalar(literal: boolean): void {
    const { state, scanned } = this;
    this.dropSimpleKey();
    state.simpleKeyAllowed = true;
    const { pos: start, line, lineStart } = state;
    scanBlockScalar(state, literal, scanned);
    this.addScalar(start, line, start - lineStart, literal ? "literal" : "folded", undefined);
  }

  private addScalar(start: number, line: number, column: number, style: ScalarStyle, key: SimpleKey | undefined): void {
    const { value, end } = this.scanned;
    this.queue.push(token(SCALAR, start, end, line, column, value, "", style, key));
  }
}

/** Characters that may stand directly behind an anchor, besides blanks: `? : , ] } % @` and the backtick. */
const BEHIND_ANCHOR: ReadonlySet<number> = new Set([63, 58, 44, 93, 125, 37, 64, 96]);

/** One place that makes tokens, so that all have one shape. */
function token(
  kind: TokenKind,
  start: number,
  end: number,
  line: number,
  column: number,
  value: string,
  suffix: string,
  style: ScalarStyle,
  key: SimpleKey | undefined,
): Token {
  return { kind, start, end, line, column, value, suffix, style, key };
}
