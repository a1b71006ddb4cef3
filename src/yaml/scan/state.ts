import { columnOf, YamlError, type YamlErrorCode } from "../errors.ts";
import type { YamlLimits } from "../limits.ts";

/** A place in the text: 0-based, columns in UTF-16 code units. */
export interface Mark {
  readonly index: number;
  readonly line: number;
  readonly column: number;
}

/** A comment between scanner and parser: it goes to the token that starts at `tokenIndex` or after. */
export interface PendingComment {
  scanIndex: number;
  tokenIndex: number;
  startLine: number;
  startColumn: number;
  startIndex: number;
  endIndex: number;
  head: string;
  line: string;
  foot: string;
}

export interface ScanOptions {
  readonly limits: YamlLimits;
  readonly source?: string | undefined;
  /** Keep comments, and look ahead two tokens as attaching them needs. */
  readonly comments: boolean;
}

/** Where the scanner stands in its text. The text ends with NUL characters, so that looking ahead needs no bound. */
export class ScanState {
  readonly text: string;
  readonly limits: YamlLimits;
  readonly source: string | undefined;
  readonly keepComments: boolean;
  pos = 0;
  line = 0;
  lineStart = 0;
  /** Column of the innermost block collection, -1 outside of any. */
  indent = -1;
  flowLevel = 0;
  simpleKeyAllowed = true;
  comments: PendingComment[] = [];
  commentsHead = 0;

  /** `text` must be free of NUL. */
  constructor(text: string, options: ScanOptions) {
    this.text = `${text}\0\0\0\0`;
    this.limits = options.limits;
    this.source = options.source;
    this.keepComments = options.comments;
  }

  get column(): number {
    return this.pos - this.lineStart;
  }

  mark(): Mark {
    return { index: this.pos, line: this.line, column: this.pos - this.lineStart };
  }

  /** Steps over the line break at `pos`; CRLF is one. */
  breakLine(): void {
    const crlf = this.text.charCodeAt(this.pos) === 13 && this.text.charCodeAt(this.pos + 1) === 10;
    this.pos += crlf ? 2 : 1;
    this.line++;
    this.lineStart = this.pos;
  }

  /** True at `---` or `...` followed by a blank, a break or the end. Only meaningful at column 0. */
  atDocumentIndicator(): boolean {
    const first = this.text.charCodeAt(this.pos);
    if (first !== 45 && first !== 46) return false;
    if (this.text.charCodeAt(this.pos + 1) !== first || this.text.charCodeAt(this.pos + 2) !== first) return false;
    const next = this.text.charCodeAt(this.pos + 3);
    return (
      next === 32 || next === 9 || next === 0 || next === 10 || next === 13 || next === 0x85 || next >> 1 === 0x1014
    );
  }

  /**
   * An error of the scanner at its place. The Go libraries print `contextLine` (v3), the line where the broken thing
   * started, or the line of the place (v2).
   */
  scanError(problem: string, contextLine: number = this.line, code: YamlErrorCode = "YAML_SYNTAX"): YamlError {
    return this.error(code, problem, {
      at: this.mark(),
      contextLine,
      problemLine: this.line,
      scanner: true,
    });
  }

  error(code: YamlErrorCode, problem: string, where: ErrorPlace): YamlError {
    const { at } = where;
    const lineStart = at.index - at.column;
    return new YamlError(code, problem, {
      at: {
        line: at.line + 1,
        column: columnOf(this.text, lineStart, at.index),
        offset: at.index,
      },
      source: this.source,
      upstream: `yaml: ${this.upstreamLine(where)}${where.upstream ?? problem}`,
    });
  }

  /** The Go libraries leave the line out when it is 0, and parser errors count from 0. */
  private upstreamLine(where: ErrorPlace): string {
    const first = this.keepComments ? where.contextLine : where.problemLine;
    const second = this.keepComments ? where.problemLine : where.contextLine;
    const line = first !== 0 ? first : second;
    if (line === 0) return "";
    return `line ${where.scanner ? line + 1 : line}: `;
  }
}

export interface ErrorPlace {
  readonly at: Mark;
  readonly contextLine: number;
  readonly problemLine: number;
  readonly scanner: boolean;
  /** The Go wording, where it differs. */
  readonly upstream?: string;
}
