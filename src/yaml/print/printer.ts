import type { AliasNode, MappingNode, ScalarNode, SequenceNode, YamlNode } from "../node.ts";
import { resolveText } from "../resolve.ts";
import { analyzeScalar, type ScalarAnalysis } from "./scalar-analysis.ts";
import {
  foldsBack,
  writeBlockHeader,
  writeDoubleQuoted,
  writeFoldedLines,
  writeLiteralLines,
  writePlain,
  writeSingleQuoted,
} from "./write-scalar.ts";
import { writeTag } from "./write-tag.ts";
import { type Dialect, Writer } from "./writer.ts";

/** Where a node stands: the rules for its style and indentation depend on it. */
interface Place {
  readonly root: boolean;
  /** The parent is a block sequence. */
  readonly inSequence: boolean;
  readonly inMapping: boolean;
  /** A key without `?`: one line, never folded. */
  readonly simpleKey: boolean;
}

const ROOT: Place = { root: true, inSequence: false, inMapping: false, simpleKey: false };
const ITEM: Place = { root: false, inSequence: true, inMapping: false, simpleKey: false };
const FLOW_ITEM: Place = { root: false, inSequence: false, inMapping: false, simpleKey: false };
const SIMPLE_KEY: Place = { root: false, inSequence: false, inMapping: true, simpleKey: true };
const IN_MAPPING: Place = { root: false, inSequence: false, inMapping: true, simpleKey: false };

/** Longest key (in UTF-8 bytes, with anchor and tag) that is written without `?`. */
const SIMPLE_KEY_BYTES = 128;

/** A scalar with what was decided about it. */
interface PreparedScalar {
  readonly node: ScalarNode;
  readonly value: string;
  readonly tag: string;
  readonly style: ScalarNode["style"];
  readonly analysis: ScalarAnalysis;
}

/**
 * Writes node trees as the Go libraries do, comments included. Comments wait in fields until the place comes where they
 * are written; a comment whose place never comes is written at the next one, as yaml.v3 does.
 *
 * Source: go.yaml.in/yaml v2 and v3, as `fixtures/yaml` records them.
 */
export class Printer {
  private readonly writer: Writer;
  private readonly tabsInBlocks: boolean;
  private flowLevel = 0;
  private head = "";
  private line = "";
  private foot = "";
  private tail = "";
  private keyLine = "";

  constructor(dialect: Dialect) {
    this.writer = new Writer(dialect);
    this.tabsInBlocks = dialect.flavor === "v3";
  }

  finish(): string {
    return this.writer.finish();
  }

  /** Writes one document; all but the first start with `---`. */
  document(root: YamlNode, options: { readonly first: boolean; readonly head: string; readonly foot: string }): void {
    const { writer } = this;
    this.load({ head: options.head });
    if (!options.first) {
      writer.writeIndent();
      writer.indicator("---", true);
      writer.writeIndent();
    }
    if (this.head !== "") {
      this.writeHead();
      writer.breakLine();
    }
    this.loadNode(root, "");
    this.writeHead();
    this.node(root, ROOT);
    this.load({ foot: options.foot });
    // yaml.v3 sets the foot off by an empty line always, and so adds a break to a text that keeps them.
    if (!writer.openEnded) writer.footIndent = 0;
    this.writeFoot();
    writer.footIndent = -1;
    writer.writeIndent();
  }

  private load({
    head = "",
    line = "",
    foot = "",
    tail = "",
  }: Partial<Record<"head" | "line" | "foot" | "tail", string>>): void {
    if (head !== "") this.head = head;
    if (line !== "") this.line = line;
    if (foot !== "") this.foot = foot;
    if (tail !== "") this.tail = tail;
  }

  /** Takes over the comments that belong to the start of a node. `tail` is the foot of the key before it. */
  private loadNode(node: YamlNode, tail: string): void {
    const { head } = node;
    if (head !== "") this.head = head;
    if (node.kind === "scalar" || node.kind === "alias") {
      if (node.line !== "") this.line = node.line;
      if (node.foot !== "") this.foot = node.foot;
    }
    if (tail !== "" && (node.kind === "scalar" || node.kind === "mapping")) this.tail = tail;
  }

  /** A node with the comments behind and below it. Those of a collection stand before its content, if there are any. */
  private node(node: YamlNode, place: Place): void {
    const how = this.start(node, place);
    // A comment that still waits goes behind a flow collection, not between its tag and its bracket.
    if (how === "block" || node.kind === "scalar" || node.kind === "alias") {
      this.writeLine();
      this.writeFoot();
    }
    this.content(node, how, place);
  }

  /** Anchor, tag, and a scalar as a whole. Returns how the content of a collection is to be written. */
  private start(node: YamlNode, place: Place, scalar?: PreparedScalar): "block" | "flow" {
    if (node.kind === "alias") {
      this.writer.indicator("*", true);
      this.word(node.name);
      return "flow";
    }
    if (node.kind === "scalar") {
      this.scalar(scalar ?? this.prepare(node), place);
      return "flow";
    }
    this.anchor(node);
    writeTag(this.writer, node.explicitTag === true || isCustom(node) ? node.tag : "");
    const empty = node.kind === "mapping" ? node.entries.length === 0 : node.items.length === 0;
    return this.flowLevel > 0 || node.style === "flow" || empty ? "flow" : "block";
  }

  private content(node: YamlNode, how: "block" | "flow", place: Place): void {
    if (node.kind === "mapping") {
      if (how === "block") this.blockMapping(node, place);
      else this.flowMapping(node, place);
    } else if (node.kind === "sequence") {
      if (how === "block") this.blockSequence(node, place);
      else this.flowSequence(node, place);
    }
  }

  private anchor(node: YamlNode): void {
    if (node.anchor === undefined) return;
    this.writer.indicator("&", true);
    this.word(node.anchor);
  }

  private word(text: string): void {
    this.writer.put(text);
    this.writer.whitespace = false;
    this.writer.indention = false;
  }

  private blockSequence(node: SequenceNode, place: Place): void {
    const { writer } = this;
    const indentless = writer.dialect.flavor === "v2" && place.inMapping && !writer.indention;
    writer.increaseIndent(false, indentless, place.inSequence);
    for (const item of node.items) {
      this.loadNode(item, "");
      this.writeHead();
      writer.writeIndent();
      writer.indicator("-", true, false, true);
      this.node(item, ITEM);
    }
    this.load({ line: node.line, foot: node.foot });
    writer.decreaseIndent();
  }

  private blockMapping(node: MappingNode, place: Place): void {
    const { writer } = this;
    writer.increaseIndent(false, false, place.inSequence);
    let tail = "";
    for (const { key, value } of node.entries) {
      this.loadNode(key.foot === "" ? key : { ...key, foot: "" }, tail);
      tail = key.foot;
      this.writeHead();
      writer.writeIndent();
      if (this.line !== "") {
        this.keyLine = this.line;
        this.line = "";
      }
      const simple = this.key(key, true);
      this.loadNode(value, "");
      if (simple) {
        writer.indicator(":", false);
      } else {
        writer.writeIndent();
        writer.indicator(":", true, false, true);
      }
      this.placeKeyComment(value);
      this.node(value, IN_MAPPING);
    }
    this.load({ tail, line: node.line, foot: node.foot });
    this.writeHead();
    writer.decreaseIndent();
  }

  /** A comment behind a key goes behind a scalar, or in front of a block that follows. */
  private placeKeyComment(value: YamlNode): void {
    if (this.keyLine === "") return;
    if (value.kind === "scalar") {
      if (this.line !== "") return;
      this.line = this.keyLine;
      this.keyLine = "";
    } else if (value.kind !== "alias" && value.style !== "flow") {
      // With an anchor or a tag the comment goes behind it: yaml.v3 writes those in the next line, where they are lost.
      if ((value.anchor !== undefined || value.explicitTag === true) && this.line === "") {
        this.line = this.keyLine;
        this.keyLine = "";
        return;
      }
      const waiting = this.line;
      this.line = this.keyLine;
      this.writeLine();
      this.keyLine = this.line;
      this.line = waiting;
    }
  }

  /** Writes a key; true when it needed no `?`. */
  private key(key: YamlNode, block: boolean): boolean {
    const scalar = key.kind === "scalar" ? this.prepare(key, true) : undefined;
    const simple = this.isSimpleKey(key, scalar);
    if (!simple) this.writer.indicator("?", true, false, block);
    const place = simple ? SIMPLE_KEY : IN_MAPPING;
    const how = this.start(key, place, scalar);
    this.content(key, how, place);
    return simple;
  }

  private isSimpleKey(key: YamlNode, scalar: PreparedScalar | undefined): boolean {
    if (key.kind === "alias") return utf8Length(key.name) <= SIMPLE_KEY_BYTES;
    if (key.kind === "mapping" && key.entries.length > 0) return false;
    if (key.kind === "sequence" && key.items.length > 0) return false;
    if (scalar?.analysis.multiline === true) return false;
    const tag = scalar?.tag ?? (key.explicitTag === true || isCustom(key) ? key.tag : "");
    const value = scalar?.value ?? "";
    return utf8Length(key.anchor ?? "") + utf8Length(tag) + utf8Length(value) <= SIMPLE_KEY_BYTES;
  }

  private flowSequence(node: SequenceNode, place: Place): void {
    const { writer } = this;
    writer.indicator("[", true, true);
    writer.increaseIndent(true, false, place.inSequence);
    this.flowLevel++;
    let comma = false;
    for (const item of node.items) {
      this.loadNode(item, "");
      if (comma) writer.indicator(",", false);
      this.writeHead();
      this.breakLongFlow();
      comma = !this.hasCommentsBehind();
      const how = this.start(item, FLOW_ITEM);
      this.flowEnd();
      this.content(item, how, FLOW_ITEM);
    }
    this.load({ line: node.line, foot: node.foot });
    this.flowLevel--;
    writer.decreaseIndent();
    if (writer.dialect.flavor === "v3" && writer.column === 0) writer.writeIndent();
    writer.indicator("]", false);
    this.writeLine();
    this.writeFoot();
  }

  private flowMapping(node: MappingNode, place: Place): void {
    const { writer } = this;
    writer.indicator("{", true, true);
    writer.increaseIndent(true, false, place.inSequence);
    this.flowLevel++;
    let comma = false;
    let trail = true;
    let tail = "";
    for (const { key, value } of node.entries) {
      this.loadNode(key.foot === "" ? key : { ...key, foot: "" }, tail);
      tail = key.foot;
      if (comma) writer.indicator(",", false);
      this.writeHead();
      this.breakLongFlow();
      const simple = this.key(key, false);
      this.loadNode(value, "");
      if (!simple && writer.column > writer.dialect.width) writer.writeIndent();
      writer.indicator(":", !simple);
      comma = !this.hasCommentsBehind();
      trail = !comma;
      const how = this.start(value, IN_MAPPING);
      this.flowEnd();
      this.content(value, how, IN_MAPPING);
    }
    this.load({ tail, line: node.line, foot: node.foot });
    if (!trail && (this.head !== "" || this.foot !== "" || this.tail !== "")) writer.indicator(",", false);
    this.writeHead();
    this.flowLevel--;
    writer.decreaseIndent();
    writer.indicator("}", false);
    this.writeLine();
    this.writeFoot();
  }

  private hasCommentsBehind(): boolean {
    return this.line !== "" || this.foot !== "" || this.tail !== "";
  }

  /** Behind an item with comments the comma comes first. */
  private flowEnd(): void {
    if (this.hasCommentsBehind()) this.writer.indicator(",", false);
    this.writeLine();
    this.writeFoot();
  }

  private breakLongFlow(): void {
    const { writer } = this;
    if (writer.dialect.flavor === "v3" && writer.column === 0) writer.writeIndent();
    if (writer.column > writer.dialect.width) writer.writeIndent();
  }

  /** Chooses what tag is written and in which style the node asks to be written. */
  private prepare(node: ScalarNode, asKey = false): PreparedScalar {
    let { tag, style, value } = node;
    // yaml.v3 writes an empty null as '' where a text must stand, which is no null any more.
    if (value === "" && tag === "!!null" && node.explicitTag !== true && (this.flowLevel > 0 || asKey)) value = "null";
    if (tag === "!") tag = "";
    if (style === "flow") style = "plain";
    let quote = false;
    if (tag !== "" && node.explicitTag !== true) {
      const quotedString = tag === "!!str" && style !== "plain";
      if (quotedString || resolveText(value, this.writer.dialect.flavor).tag === tag) {
        tag = "";
      } else if (tag === "!!str") {
        tag = "";
        quote = true;
      }
    }
    if (style === "plain") {
      if (value.includes("\n")) style = "literal";
      else if (quote) style = "double";
    }
    return { node, value, tag, style, analysis: analyzeScalar(value, this.tabsInBlocks) };
  }

  private scalar(prepared: PreparedScalar, place: Place): void {
    const { writer } = this;
    const { node, tag, value } = prepared;
    const style = this.allowedStyle(prepared, place);
    this.anchor(node);
    writeTag(writer, tag);
    const before = writer.indent;
    writer.increaseIndent(true, false, place.inSequence);
    const mayFold = !place.simpleKey;
    switch (this.readable(style, value, before)) {
      case "single":
        writeSingleQuoted(writer, value, mayFold);
        break;
      case "double":
        writeDoubleQuoted(writer, value, mayFold);
        break;
      case "literal":
        writeBlockHeader(writer, value, "|");
        this.endBlockHeader();
        writeLiteralLines(writer, value);
        break;
      case "folded":
        writeBlockHeader(writer, value, ">");
        this.endBlockHeader();
        writeFoldedLines(writer, value);
        break;
      default:
        writePlain(writer, value, mayFold);
    }
    writer.decreaseIndent();
  }

  private endBlockHeader(): void {
    // Only one line of comment fits behind the header: the next would be text of the scalar, as it is with yaml.v3.
    const end = this.line.indexOf("\n");
    if (end >= 0) {
      const below = this.line.slice(end + 1);
      this.foot = this.foot === "" ? below : `${below}\n${this.foot}`;
      this.line = this.line.slice(0, end);
    }
    if (this.line === "") this.writer.breakLine();
    else this.writeLine();
  }

  private allowedStyle({ style: wanted, analysis, value }: PreparedScalar, place: Place): ScalarNode["style"] {
    const flow = this.flowLevel > 0;
    let style = place.simpleKey && analysis.multiline ? "double" : wanted;
    if (style === "plain") {
      const allowed = flow ? analysis.flowPlain : analysis.blockPlain;
      if (!allowed || (value === "" && (flow || place.simpleKey))) style = "single";
    }
    if (style === "single" && !analysis.single) style = "double";
    if (style === "literal" || style === "folded") {
      if (!analysis.block || flow || place.simpleKey) style = "double";
    }
    return style;
  }

  /**
   * Another style where yaml.v3 would write a block scalar that reads as something else or not at all: folded lines that
   * are indented or kept at the end gain breaks; a tab at the start, or an indentation indicator that is not the
   * distance to the parent, makes a literal unreadable.
   */
  private readable(style: ScalarNode["style"], value: string, parentIndent: number): ScalarNode["style"] {
    if (style !== "literal" && style !== "folded") return style;
    const first = value.charCodeAt(0);
    if (first === 9) return "double";
    const hinted = first === 32 || first === 10 || first === 0x2028 || first === 0x2029;
    const distance = this.writer.indent - Math.max(parentIndent, 0);
    if (hinted && distance !== this.writer.dialect.indent && !ONLY_BREAKS.test(value)) return "double";
    return style === "folded" && !foldsBack(value) ? "literal" : style;
  }

  private writeHead(): void {
    const { writer } = this;
    if (this.tail !== "") {
      writer.writeIndent();
      this.comment(this.tail);
      this.tail = "";
      writer.footIndent = Math.max(writer.indent, 0);
    }
    if (this.head === "") return;
    writer.writeIndent();
    this.comment(this.head);
    this.head = "";
  }

  private writeLine(): void {
    if (this.line === "") return;
    if (!this.writer.whitespace) this.writer.put(" ");
    this.comment(this.line);
    this.line = "";
  }

  private writeFoot(): void {
    if (this.foot === "") return;
    this.writer.writeIndent();
    this.comment(this.foot);
    this.foot = "";
    this.writer.footIndent = Math.max(this.writer.indent, 0);
  }

  private comment(text: string): void {
    const { writer } = this;
    const lines = text.split("\n");
    lines.forEach((line, at) => {
      if (line !== "") {
        if (at > 0) writer.writeIndent();
        writer.put(line.startsWith("#") ? line : `# ${line}`);
        writer.indention = false;
      }
      if (at < lines.length - 1) writer.breakLine();
    });
    if (lines[lines.length - 1] !== "") writer.breakLine();
    writer.whitespace = true;
  }
}

/** Without text there is no indentation to be wrong about. */
const ONLY_BREAKS = /^[\n\u2028\u2029]*$/;

function isCustom(node: MappingNode | SequenceNode | ScalarNode | AliasNode): boolean {
  if (node.tag === "" || node.tag === "!") return false;
  return node.tag !== (node.kind === "mapping" ? "!!map" : node.kind === "sequence" ? "!!seq" : node.tag);
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7ff && (code < 0xd800 || code > 0xdfff)) bytes += 2;
    else if (code > 0x7f) bytes += 1;
  }
  return bytes;
}
