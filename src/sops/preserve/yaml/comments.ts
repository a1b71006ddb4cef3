import type { YamlNode } from "../../../yaml/index.ts";

/** A comment in a text: from its `#` to the end of what it says, blanks behind it left out. */
export interface CommentPlace {
  readonly start: number;
  readonly end: number;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The comments of a text, in order. `ranges` are those of its scalars: a `#` in them is none. The first line of a block
 * scalar may end in one.
 */
export function commentsIn(text: string, ranges: readonly Range[]): CommentPlace[] {
  const found: CommentPlace[] = [];
  let at = 0;
  for (const range of [
    ...ranges.toSorted((one, other) => one.start - other.start),
    { start: text.length, end: text.length },
  ]) {
    if (range.start > at) collect(text, at, range.start, found);
    at = Math.max(at, range.end);
  }
  return found;
}

const COMMENT = /#[^\r\n]*/g;

function collect(text: string, from: number, to: number, found: CommentPlace[]): void {
  COMMENT.lastIndex = from;
  for (let match = COMMENT.exec(text); match !== null && match.index < to; match = COMMENT.exec(text)) {
    const before = match.index === 0 ? "\n" : text.charAt(match.index - 1);
    if (!/[\s\ufeff]/.test(before)) {
      // A part of an anchor or a tag.
      COMMENT.lastIndex = match.index + 1;
      continue;
    }
    found.push({ start: match.index, end: match.index + match[0].trimEnd().length });
  }
}

/** The ranges of all scalars below a node, the first line of block scalars only as far as a comment may begin. */
export function scalarRanges(root: YamlNode, text: string): Range[] {
  const ranges: Range[] = [];
  const walk = (node: YamlNode): void => {
    if (node.kind === "mapping") {
      for (const { key, value } of node.entries) {
        walk(key);
        walk(value);
      }
    } else if (node.kind === "sequence") {
      for (const item of node.items) walk(item);
    } else if (node.kind === "scalar" && node.textStart !== undefined && node.textEnd !== undefined) {
      const isBlock = node.style === "literal" || node.style === "folded";
      const header = isBlock ? (/^[|>][-+0-9]*/.exec(text.slice(node.textStart, node.textEnd))?.[0].length ?? 0) : 0;
      const firstLine = isBlock ? behindLine(text, node.textStart) : node.textStart;
      if (isBlock) ranges.push({ start: node.textStart, end: node.textStart + header });
      if (node.textEnd > firstLine) ranges.push({ start: firstLine, end: node.textEnd });
    }
  };
  walk(root);
  return ranges;
}

function behindLine(text: string, at: number): number {
  const match = /\r\n|[\r\n]/g;
  match.lastIndex = at;
  return match.exec(text) === null ? text.length : match.lastIndex;
}
