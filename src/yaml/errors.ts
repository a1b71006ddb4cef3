import { ToolkitError } from "../errors.ts";

export type YamlErrorCode =
  | "YAML_NOT_UTF8"
  | "YAML_CONTROL_CHARACTER"
  | "YAML_TOO_LARGE"
  | "YAML_TOO_DEEP"
  | "YAML_SYNTAX"
  | "YAML_TAB"
  | "YAML_DIRECTIVE"
  | "YAML_TAG"
  | "YAML_UNKNOWN_ANCHOR"
  | "YAML_RECURSIVE_ANCHOR"
  | "YAML_ALIAS_BOMB"
  | "YAML_DUPLICATE_KEY"
  | "YAML_KEY"
  | "YAML_MERGE"
  | "YAML_VALUE"
  | "YAML_UNPRINTABLE"
  | "YAML_NOT_EDITABLE"
  | "JSON_SYNTAX"
  | "JSON_DUPLICATE_KEY";

/** A place in a text: 1-based line and column (in characters), 0-based offset (in UTF-16 code units). */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

export interface YamlErrorContext {
  readonly at: Place;
  /** Name of the file, for the first line of the message. */
  readonly source?: string | undefined;
  /** The text that the Go library gives for the same input, without values. */
  readonly upstream?: string | undefined;
  readonly hints?: readonly string[];
}

/**
 * A YAML or JSON text cannot be read, or a value cannot be printed.
 *
 * `at` says where. `upstream` is what the Go library says in this case, for commands that stand in for a Go tool; it is
 * undefined where that text would show a value. Neither message holds any value of the text: keys and anchors only.
 */
export class YamlError extends ToolkitError {
  override readonly name = "YamlError";
  readonly code: YamlErrorCode;
  readonly at: Place;
  readonly upstream: string | undefined;
  /** The statement without action, object and place. */
  readonly problem: string;

  constructor(code: YamlErrorCode, problem: string, context: YamlErrorContext) {
    const kind = code.startsWith("JSON") ? "JSON" : "YAML";
    const object = context.source === undefined ? kind : JSON.stringify(context.source);
    const action = code === "YAML_UNPRINTABLE" ? "print" : code === "YAML_NOT_EDITABLE" ? "edit" : "read";
    const place = code === "YAML_UNPRINTABLE" ? "" : `line ${context.at.line}, column ${context.at.column}: `;
    super(`Cannot ${action} ${object}: ${place}${problem}`, { hints: context.hints ?? hintsFor(code) });
    this.code = code;
    this.at = context.at;
    this.upstream = context.upstream;
    this.problem = problem;
  }
}

/** Something that a Go tool takes without a word and that a strict reading refuses. */
export interface YamlWarning {
  readonly code: YamlErrorCode;
  readonly message: string;
  readonly at: Place;
  /** 0-based index of the document in its stream. */
  readonly document: number;
  /** What the Go tools say where they do refuse it. */
  readonly upstream: string | undefined;
}

const HINTS: Partial<Record<YamlErrorCode, readonly string[]>> = {
  YAML_NOT_UTF8: ["convert the file to UTF-8 first: iconv -f WINDOWS-1252 -t UTF-8 FILE"],
  YAML_TAB: ["YAML is indented with spaces: expand -t 2 FILE"],
  YAML_DUPLICATE_KEY: ["keep one of the two keys"],
  JSON_DUPLICATE_KEY: ["keep one of the two keys"],
};

function hintsFor(code: YamlErrorCode): readonly string[] {
  return HINTS[code] ?? [];
}

/** Line, column and offset of a code unit of `text`. Lines end at LF, CR, CRLF, NEL, LS and PS, as the readers count. */
export function placeOf(text: string, offset: number): Place {
  let line = 1;
  let lineStart = 0;
  const end = Math.min(offset, text.length);
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 13 && text.charCodeAt(at + 1) === 10) continue;
    if (code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029) {
      line++;
      lineStart = at + 1;
    }
  }
  return { line, column: columnOf(text, lineStart, end), offset: end };
}

/** 1-based column in characters: a surrogate pair counts once. */
export function columnOf(text: string, lineStart: number, offset: number): number {
  let column = offset - lineStart + 1;
  for (let at = lineStart; at < offset; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) column--;
  }
  return column;
}
