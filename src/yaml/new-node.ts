import type { AliasNode, MappingNode, Position, ScalarNode, SequenceNode, YamlNode } from "./node.ts";
import type { ScalarStyle } from "./scan/token.ts";

/** Tag in short form (`""`: none was written, `!`: only the mark) and anchor of a node. */
export interface Written {
  readonly tag: string;
  readonly anchor: string | undefined;
}

export const UNWRITTEN: Written = { tag: "", anchor: undefined };

/** Where the text of a scalar stands. */
export interface ScalarText {
  readonly value: string;
  readonly style: ScalarStyle;
  readonly textStart: number;
  readonly textEnd: number;
}

export function isExplicit(tag: string): boolean {
  return tag !== "" && tag !== "!";
}

/** Makes every scalar of the parser, so that all have one shape. `tag` is the resolved one. */
export function newScalar(text: ScalarText, tag: string, written: Written, at: Position): ScalarNode {
  return {
    kind: "scalar",
    value: text.value,
    tag,
    explicitTag: isExplicit(written.tag),
    anchor: written.anchor,
    style: text.style,
    at,
    head: "",
    line: "",
    foot: "",
    textStart: text.textStart,
    textEnd: text.textEnd,
  };
}

export function newSequence({ tag, anchor }: Written, style: "plain" | "flow", at: Position): SequenceNode {
  const explicit = isExplicit(tag);
  return {
    kind: "sequence",
    items: [],
    tag: explicit ? tag : "!!seq",
    explicitTag: explicit,
    anchor,
    style,
    at,
    head: "",
    line: "",
    foot: "",
  };
}

export function newMapping({ tag, anchor }: Written, style: "plain" | "flow", at: Position): MappingNode {
  const explicit = isExplicit(tag);
  return {
    kind: "mapping",
    entries: [],
    tag: explicit ? tag : "!!map",
    explicitTag: explicit,
    anchor,
    style,
    at,
    head: "",
    line: "",
    foot: "",
  };
}

export function newAlias(name: string, target: YamlNode, at: Position): AliasNode {
  return {
    kind: "alias",
    name,
    target,
    tag: "",
    anchor: undefined,
    style: "plain",
    at,
    head: "",
    line: "",
    foot: "",
  };
}
