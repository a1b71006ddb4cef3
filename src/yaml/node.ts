/** Where a node starts in its text: 1-based line and column (in characters), 0-based offset (in UTF-16 code units). */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** How a scalar or collection was written, or is to be written. `plain` lets the emitter choose. */
export type Style = "plain" | "single" | "double" | "literal" | "folded" | "flow";

/**
 * Comments as the Go YAML library attaches them: with their `#`, lines joined by `\n`, `""` when there are none.
 * `head` stands above a node, `line` behind it, `foot` below it.
 */
export interface Comments {
  head: string;
  line: string;
  foot: string;
}

interface NodeBase extends Comments {
  /** Resolved or explicit tag in short form: `!!str`, `!!int`, `!!map`, `!Custom`. `""` when not resolved yet. */
  tag: string;
  /** True when the tag was written in the text: then it is printed too. */
  explicitTag?: boolean;
  anchor: string | undefined;
  style: Style;
  at: Position | undefined;
}

export interface ScalarNode extends NodeBase {
  kind: "scalar";
  /** The text after unquoting and folding; what it means depends on `tag`. */
  value: string;
  /** Offsets of the scalar itself (with quotes, without anchor and tag) in the text that it was read from. */
  textStart?: number;
  textEnd?: number;
}

export interface MappingNode extends NodeBase {
  kind: "mapping";
  entries: Entry[];
}

export interface Entry {
  key: YamlNode;
  value: YamlNode;
}

export interface SequenceNode extends NodeBase {
  kind: "sequence";
  items: YamlNode[];
}

/** A reference to an anchor seen earlier in the same document. */
export interface AliasNode extends NodeBase {
  kind: "alias";
  name: string;
  target: YamlNode;
}

export type YamlNode = ScalarNode | MappingNode | SequenceNode | AliasNode;

/** One document of a stream; `root` is undefined for an empty one. */
export interface YamlDocument extends Comments {
  root: YamlNode | undefined;
  at: Position;
}
