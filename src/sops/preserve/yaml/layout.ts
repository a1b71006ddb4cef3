import {
  type MappingNode,
  parseYaml,
  type ScalarNode,
  type YamlDocument,
  YamlError,
  type YamlNode,
} from "../../../yaml/index.ts";
import { METADATA_KEY } from "../../stores/store.ts";
import { writeYaml } from "../../stores/yaml-write.ts";
import type { Branch, Comment, List, Node } from "../../values/value.ts";
import { type Layout, LayoutError, type LocatedText, type Site } from "../layout.ts";
import { isCommentSpot, type Spot } from "../spots.ts";
import { appended, lineBreakOf, lineEnd, lineStart, linesTaken, nextLine, type TextEdit } from "../text-edit.ts";
import { type CommentPlace, commentsIn, scalarRanges } from "./comments.ts";
import { addToFlow, removeFromFlow } from "./flow-metadata.ts";
import { lastEnd } from "./last-end.ts";
import { blockLines, type QuoteStyle, scalarText } from "./scalar-text.ts";
import { yamlShapeEdits } from "./shape-edits.ts";

/** Blank lines, comments, quotes, flow and block style, indentation, markers and anchors of YAML. */
export const yamlLayout: Layout = {
  locate(text, documents) {
    return new Locator(text).locate(parse(text), documents);
  },
  addMetadata(text, metadata, indent) {
    const documents = parse(text);
    return documents.map((document, index) => {
      const root = rootOf(document);
      if (root?.style === "flow") return addToFlow(text, root, metadata);
      const entry = { kind: "entry" as const, key: METADATA_KEY, value: metadata };
      const printed = writeYaml([{ kind: "branch", items: [entry] }], indent);
      const margin = " ".repeat((root?.entries[0]?.key.at?.column ?? 1) - 1);
      const lineBreak = lineBreakOf(text);
      const lines = printed.replace(/^(?=.)/gm, margin).replaceAll("\n", lineBreak);
      return appended(text, endOf(text, documents, index), lines);
    });
  },
  removeMetadata(text) {
    return parse(text).flatMap((document): TextEdit[] => {
      const root = rootOf(document);
      const entry = root?.entries.find(({ key }) => isMetadataKey(key));
      if (root === undefined || entry === undefined) return [];
      if (root.style === "flow") return [removeFromFlow(text, root, entry)];
      return [linesTaken(text, lineStart(text, startOf(entry.key)), nextLine(text, lastEnd(entry.value)))];
    });
  },
  shapeEdits: (text, before, wanted) =>
    yamlShapeEdits(
      { text, roots: parse(text).map(rootOf), sitesOf: (documents) => yamlLayout.locate(text, documents) },
      before,
      wanted,
    ),
};

function parse(text: string): readonly YamlDocument[] {
  try {
    return parseYaml(text, { mode: "lenient" }).documents;
  } catch (error) {
    if (error instanceof YamlError) throw new LayoutError("it is no YAML that can be read again");
    throw error;
  }
}

function rootOf({ root }: YamlDocument): MappingNode | undefined {
  if (root === undefined || root.kind === "mapping") return root;
  throw new LayoutError("a document of it is no mapping");
}

function isMetadataKey(key: YamlNode): boolean {
  return key.kind === "scalar" && key.value === METADATA_KEY;
}

function startOf(node: YamlNode): number {
  return node.at?.offset ?? 0;
}

/** Where lines can be added to a document: before the marker that ends it, or that of the next one. */
function endOf(text: string, documents: readonly YamlDocument[], index: number): number {
  const next = documents[index + 1]?.at.offset;
  const { root, at } = documents[index] ?? {};
  const from = root === undefined ? (at?.offset ?? 0) : lastEnd(root);
  const end = next === undefined ? text.length : lineStart(text, next);
  const marker = /^\.\.\.(?=\s|$)/m.exec(text.slice(from, end));
  return marker === null ? end : from + marker.index;
}

interface Surroundings {
  readonly isFlow: boolean;
  /** What the lines of a block scalar begin with here. */
  readonly blockIndent: string;
  /** Where the `-` of an item of a block list stands. */
  readonly dash?: number | undefined;
}

const STEP = 4;

class Locator {
  readonly #text: string;
  readonly #lineBreak: string;
  readonly #sites: (Site | undefined)[] = [];
  #comments: { readonly place: CommentPlace; isTaken: boolean }[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#lineBreak = lineBreakOf(text);
  }

  locate(parsed: readonly YamlDocument[], documents: readonly Branch[]): LocatedText {
    if (parsed.length !== documents.length) throw new LayoutError("its documents cannot be told apart");
    const unseenComments: Site[] = [];
    for (const [index, document] of documents.entries()) {
      const yaml = parsed[index];
      const root = yaml === undefined ? undefined : rootOf(yaml);
      const from = index === 0 ? 0 : (yaml?.at.offset ?? 0);
      const to = parsed[index + 1]?.at.offset ?? this.#text.length;
      this.#readComments(root, from, to);
      this.#branch(root, document, true);
      for (const { place, isTaken } of this.#comments) if (!isTaken) unseenComments.push(commentSite(place));
    }
    return { sites: this.#sites, unseenComments };
  }

  #readComments(root: MappingNode | undefined, from: number, to: number): void {
    const ranges = root === undefined ? [] : scalarRanges(root, this.#text);
    // Directives have no comments that a reader gives.
    const places = commentsIn(
      this.#text.slice(0, to),
      ranges.filter(({ start }) => start < to),
    );
    this.#comments = places.filter(({ start }) => start >= from).map((place) => ({ place, isTaken: false }));
  }

  #branch(node: MappingNode | undefined, { items }: Branch, isTop = false): void {
    const entries = (node?.entries ?? []).filter(({ key }) => !(isTop && isMetadataKey(key)));
    let at = 0;
    for (const item of items) {
      if (item.kind === "comment") {
        this.#comment(item);
        continue;
      }
      const entry = entries[at++];
      if (entry === undefined) throw new LayoutError("it has keys that are not where they are read");
      const column = (entry.key.at?.column ?? 1) - 1;
      this.#node(entry.value, item.value, { isFlow: node?.style === "flow", blockIndent: " ".repeat(column + STEP) });
    }
    if (at !== entries.length) throw new LayoutError("it has keys that are not where they are read");
  }

  #list(node: YamlNode, { items }: List, around: Surroundings): void {
    if (node.kind !== "sequence") throw new LayoutError("a list of it is not where it is read");
    const isFlow = around.isFlow || node.style === "flow";
    let at = 0;
    for (const item of items) {
      if (typeof item === "object" && item !== null && item.kind === "comment") {
        this.#comment(item);
        continue;
      }
      const child = node.items[at++];
      if (child === undefined) throw new LayoutError("it has items that are not where they are read");
      const dash = isFlow ? undefined : this.#dashBefore(startOf(child));
      const column = dash === undefined ? 0 : dash - lineStart(this.#text, dash);
      this.#node(child, item, { isFlow, blockIndent: " ".repeat(column + 2), dash });
    }
    if (at !== node.items.length) throw new LayoutError("it has items that are not where they are read");
  }

  #node(node: YamlNode, value: Node, around: Surroundings): void {
    if (typeof value === "object" && value !== null && (value.kind === "branch" || value.kind === "list")) {
      if (node.kind === "alias") {
        // What an alias repeats has no text of its own.
        this.#withoutPlace(value);
      } else if (value.kind === "list") {
        this.#list(node, value, around);
      } else if (node.kind === "mapping") {
        const isFlow = around.isFlow || node.style === "flow";
        this.#branch(isFlow ? { ...node, style: "flow" } : node, value);
      } else {
        throw new LayoutError("a mapping of it is not where it is read");
      }
    } else {
      this.#sites.push(node.kind === "scalar" ? this.#scalar(node, around) : undefined);
    }
  }

  #withoutPlace({ items }: Branch | List): void {
    for (const item of items) {
      const node = typeof item === "object" && item !== null && item.kind === "entry" ? item.value : item;
      if (typeof node === "object" && node !== null && (node.kind === "branch" || node.kind === "list")) {
        this.#withoutPlace(node);
      } else {
        this.#sites.push(undefined);
      }
    }
  }

  /** The next comment in the text with these words. */
  #comment({ text }: Comment): void {
    const found = this.#comments.find(
      ({ place, isTaken }) => !isTaken && this.#text.slice(place.start + 1, place.end) === text.trimEnd(),
    );
    if (found !== undefined) found.isTaken = true;
    this.#sites.push(found === undefined ? undefined : commentSite(found.place));
  }

  #dashBefore(at: number): number | undefined {
    const start = lineStart(this.#text, at);
    const before = this.#text.slice(start, at);
    const dash = before.lastIndexOf("- ");
    return dash < 0 ? undefined : start + dash;
  }

  #scalar(node: ScalarNode, around: Surroundings): Site | undefined {
    const { textStart, textEnd } = node;
    if (textStart === undefined || textEnd === undefined) return undefined;
    const hasOwnTag = node.explicitTag === true && node.tag !== "!!str";
    if (hasOwnTag && node.anchor !== undefined) return undefined;
    const isBlock = node.style === "literal" || node.style === "folded";
    if (isBlock && !hasOwnTag) {
      const site = this.#blockSite(node, textStart, textEnd);
      if (site !== undefined) return site;
    }
    const start = hasOwnTag ? startOf(node) : textStart;
    const style: QuoteStyle = hasOwnTag || isBlock || !isQuote(node.style) ? "plain" : node.style;
    return this.#inlineSite({ start, end: textEnd, style }, around);
  }

  #inlineSite({ start, end, style }: { start: number; end: number; style: QuoteStyle }, around: Surroundings): Site {
    const text = this.#text;
    // Nothing is written for a null: what comes there has to stand apart from the colon or the dash.
    const gap = start === end && /\S/.test(text.charAt(start - 1)) ? " " : "";
    const isAlone = text.slice(end, lineEnd(text, end)).trim() === "";
    const blockIndent = around.isFlow || !isAlone ? undefined : around.blockIndent;
    const place = { style, isFlow: around.isFlow, blockIndent, lineBreak: this.#lineBreak };
    return {
      start,
      end,
      sealed: (envelope) => ({ start, end, text: gap + sealedText(envelope, style, around.isFlow) }),
      opened(spot) {
        if (!isCommentSpot(spot)) return { start, end, text: gap + scalarText(spot, place) };
        // The original writes a comment of a list as an item of its own.
        if (around.dash === undefined || !isAlone) throw new LayoutError("a comment of it stands inside of brackets");
        return { start: around.dash, end, text: `#${spot.text}` };
      },
    };
  }

  /** The lines of a block scalar: its first line, with indicators and comment, stays. */
  #blockSite(node: ScalarNode, textStart: number, textEnd: number): Site | undefined {
    const start = nextLine(this.#text, textStart);
    if (start >= textEnd) return undefined;
    const raw =
      this.#text
        .slice(start, textEnd)
        .split(/\r\n|[\r\n]/)
        .find((line) => line.trim() !== "") ?? "";
    const line = node.value.split("\n").find((other) => other.trim() !== "") ?? "";
    const margin = marginOf(raw) - marginOf(line);
    if (margin <= 0) return undefined;
    const [indent, lineBreak] = [raw.slice(0, margin), this.#lineBreak];
    return {
      start,
      end: textEnd,
      sealed: (envelope) => ({ start, end: textEnd, text: indent + envelope }),
      opened(spot) {
        if (typeof spot !== "string") throw new LayoutError("a value of it is no text, but stands where only text can");
        return { start, end: textEnd, text: blockLines(spot, indent, lineBreak) };
      },
    };
  }
}

function isQuote(style: ScalarNode["style"]): style is "single" | "double" {
  return style === "single" || style === "double";
}

function marginOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** In brackets a plain ciphertext would end at its first comma: single quotes stand for plain there. */
function sealedText(envelope: string, style: QuoteStyle, isFlow: boolean): string {
  if (style === "double" || (style === "single" && isFlow)) return `"${envelope}"`;
  return style === "single" || isFlow ? `'${envelope}'` : envelope;
}

function commentSite({ start, end }: CommentPlace): Site {
  return {
    start,
    end,
    sealed: (envelope) => ({ start, end, text: `#${envelope}` }),
    opened(spot: Spot) {
      if (!isCommentSpot(spot)) throw new LayoutError("a value of it stands where a comment is");
      return { start, end, text: `#${spot.text}` };
    },
  };
}
