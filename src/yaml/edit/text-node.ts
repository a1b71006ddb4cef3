/** What an edit needs to know of a value in a text: where it stands and how it is written. Offsets in UTF-16 code units. */
export type TextNode = TextMapping | TextSequence | TextScalar | TextAlias;

interface NodeText {
  /** Where the value itself starts, behind its anchor and tag. */
  readonly start: number;
  readonly end: number;
  /** Offset of an alias elsewhere that repeats this value; undefined when there is none. */
  readonly repeatedAt: number | undefined;
  /** Whether an anchor or a tag stands before the value. */
  readonly hasProperties: boolean;
}

/** `flow` mappings stand in braces, as all of JSON does; those of block style stand in lines. */
export interface TextMapping extends NodeText {
  readonly kind: "mapping";
  readonly isFlow: boolean;
  readonly entries: readonly TextEntry[];
}

export interface TextEntry {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: TextNode;
}

export interface TextSequence extends NodeText {
  readonly kind: "sequence";
  readonly items: readonly TextNode[];
}

export interface TextScalar extends NodeText {
  readonly kind: "scalar";
  /** `none` when nothing is written at all, as behind `key:`. */
  readonly style: "none" | "plain" | "single" | "double" | "block";
}

/** The value of an anchor that stands elsewhere. */
export interface TextAlias extends NodeText {
  readonly kind: "alias";
}

/** One document of a text, and what it is written in. */
export interface TextDocument {
  readonly text: string;
  readonly language: "yaml" | "json";
  readonly root: TextNode;
}
