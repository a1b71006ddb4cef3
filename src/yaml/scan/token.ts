export const STREAM_END = 0;
export const VERSION_DIRECTIVE = 1;
export const TAG_DIRECTIVE = 2;
export const DOCUMENT_START = 3;
export const DOCUMENT_END = 4;
export const BLOCK_SEQUENCE_START = 5;
export const BLOCK_MAPPING_START = 6;
export const BLOCK_END = 7;
export const FLOW_SEQUENCE_START = 8;
export const FLOW_SEQUENCE_END = 9;
export const FLOW_MAPPING_START = 10;
export const FLOW_MAPPING_END = 11;
export const BLOCK_ENTRY = 12;
export const FLOW_ENTRY = 13;
export const KEY = 14;
export const VALUE = 15;
export const ALIAS = 16;
export const ANCHOR = 17;
export const TAG = 18;
export const SCALAR = 19;

export type TokenKind = number;
export type ScalarStyle = "plain" | "single" | "double" | "literal" | "folded";

/** What the scanner hands to the parser. `line` and `column` are 0-based, columns and offsets in UTF-16 code units. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
  /** Scalar text, anchor or alias name, tag handle, directive value. */
  readonly value: string;
  /** Tag suffix, tag directive prefix. */
  readonly suffix: string;
  readonly style: ScalarStyle;
  /** The place in which this token may turn out to start a mapping key. */
  readonly key: SimpleKey | undefined;
}

/** Where a mapping key without `?` may have started; one per flow level, used again and again. */
export class SimpleKey {
  possible = false;
  /** In block context at the indentation of the mapping nothing but a key can stand. */
  required = false;
  /** Count of tokens before it, over the whole stream. */
  tokenNumber = 0;
  index = 0;
  line = 0;
  column = 0;
}
