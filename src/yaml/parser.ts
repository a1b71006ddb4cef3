import { Anchored } from "./anchored.ts";
import { CommentCollector } from "./comment-collector.ts";
import { DuplicateKeys, keyText } from "./duplicate-keys.ts";
import { YamlError, type YamlErrorCode, type YamlWarning } from "./errors.ts";
import type { YamlLimits } from "./limits.ts";
import { isExplicit, newAlias, newMapping, newScalar, newSequence, UNWRITTEN, type Written } from "./new-node.ts";
import type { AliasNode, MappingNode, Position, ScalarNode, SequenceNode, YamlDocument, YamlNode } from "./node.ts";
import { resolveV3Tag } from "./resolve.ts";
import { ColumnCounter } from "./scan/column-counter.ts";
import { Scanner } from "./scan/scanner.ts";
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
  STREAM_END,
  TAG,
  TAG_DIRECTIVE,
  type Token,
  VALUE,
  VERSION_DIRECTIVE,
} from "./scan/token.ts";

const YAML_TAGS = "tag:yaml.org,2002:";

/** `flavor` says whose reading: `v3` keeps comments and resolves tags; `v2` leaves both out. */
export interface ParserOptions {
  readonly flavor: "v2" | "v3";
  readonly limits: YamlLimits;
  readonly source: string | undefined;
  /** Refuse a key that is twice in a mapping; otherwise it becomes a warning. Only for `v3`. */
  readonly refuseDuplicates: boolean;
  /** Takes the anchors of earlier documents too, as yaml.v3 does. */
  readonly anchorsOfStream: boolean;
}

/** What a node carries in front of itself, and where that starts. */
interface Properties extends Written {
  readonly start: Token;
}

/**
 * Builds the node trees of a stream from its tokens. One file, because the productions of the grammar call each other.
 *
 * Source: the productions of YAML 1.1 as libyaml reads them; comments as yaml.v3 attaches them.
 */
export class Parser {
  readonly warnings: YamlWarning[] = [];
  private readonly scanner: Scanner;
  private readonly options: ParserOptions;
  private readonly comments: boolean;
  private readonly hasSurrogates: boolean;
  private readonly columns: ColumnCounter;
  private anchors = new Map<string, YamlNode>();
  private readonly anchored = new Anchored();
  private tagHandles = new Map<string, string>();
  private documents = 0;
  private nodes = 0;
  private aliasNodes = 0;
  private readonly collector: CommentCollector;
  private readonly duplicates = new DuplicateKeys();

  constructor(text: string, options: ParserOptions) {
    this.options = options;
    this.comments = options.flavor === "v3";
    this.scanner = new Scanner(text, { limits: options.limits, source: options.source, comments: this.comments });
    this.columns = new ColumnCounter(this.scanner.state.text);
    this.collector = new CommentCollector(this.scanner.state);
    this.hasSurrogates = /[\ud800-\udbff]/.test(text);
  }

  /** The next document, or undefined at the end of the stream. @throws {YamlError} */
  next(): YamlDocument | undefined {
    let token = this.peek();
    const implicit = this.documents === 0;
    if (!implicit) {
      while (token.kind === DOCUMENT_END) token = this.advance();
    }
    if (token.kind === STREAM_END) return undefined;
    if (++this.documents > this.options.limits.maxDocuments) {
      throw this.failure("YAML_TOO_LARGE", `more than ${this.options.limits.maxDocuments} documents`, token, token);
    }
    if (!this.options.anchorsOfStream) this.anchors = new Map();
    const document: YamlDocument = { root: undefined, at: this.position(token), head: "", line: "", foot: "" };
    const explicit =
      !implicit || token.kind === VERSION_DIRECTIVE || token.kind === TAG_DIRECTIVE || token.kind === DOCUMENT_START;
    this.readDirectives();
    if (explicit) {
      token = this.peek();
      if (token.kind !== DOCUMENT_START) {
        throw this.failure("YAML_SYNTAX", "did not find expected <document start>", token, undefined);
      }
      token = this.advance();
      if (!endsDocument(token)) document.root = this.parseNode(true, false);
    } else {
      document.head = this.collector.splitDocumentHead();
      document.root = this.parseNode(true, false);
    }
    this.endDocument(document);
    return document;
  }

  private endDocument(document: YamlDocument): void {
    if (this.peek().kind === DOCUMENT_END) this.scanner.skip();
    this.collector.giveDocumentEnd(document);
    this.tagHandles = new Map();
  }

  private readDirectives(): void {
    let version: string | undefined;
    for (let token = this.peek(); ; token = this.advance()) {
      if (token.kind === VERSION_DIRECTIVE) {
        if (version !== undefined) {
          throw this.failure("YAML_DIRECTIVE", "found duplicate %YAML directive", token, undefined);
        }
        version = token.value;
        if (version !== "1.1") {
          throw this.failure("YAML_DIRECTIVE", "found incompatible YAML document", token, undefined);
        }
      } else if (token.kind === TAG_DIRECTIVE) {
        if (this.tagHandles.has(token.value)) {
          throw this.failure("YAML_DIRECTIVE", "found duplicate %TAG directive", token, undefined);
        }
        this.tagHandles.set(token.value, token.suffix);
      } else {
        break;
      }
    }
    if (!this.tagHandles.has("!")) this.tagHandles.set("!", "!");
    if (!this.tagHandles.has("!!")) this.tagHandles.set("!!", YAML_TAGS);
  }

  private peek(): Token {
    const token = this.scanner.peek();
    if (this.comments) this.collector.takeBefore(token);
    return token;
  }

  private advance(): Token {
    this.scanner.skip();
    return this.peek();
  }

  /** Moves the comments collected so far to `node`. */
  private giveComments(node: YamlNode): void {
    if (this.comments) this.collector.give(node);
  }

  private parseNode(block: boolean, indentless: boolean): YamlNode {
    const first = this.peek();
    this.checkSize(first);
    if (first.kind === ALIAS) return this.parseAlias(first);
    const properties =
      first.kind === ANCHOR || first.kind === TAG
        ? this.parseProperties(first)
        : { start: first, anchor: undefined, tag: "" };
    const token = this.peek();
    switch (token.kind) {
      case SCALAR:
        return this.parseScalar(token, properties);
      case FLOW_SEQUENCE_START:
        return this.parseFlowSequence(properties);
      case FLOW_MAPPING_START:
        return this.parseFlowMapping(properties);
      case BLOCK_ENTRY:
        if (indentless) return this.parseIndentlessSequence(properties);
        break;
      case BLOCK_SEQUENCE_START:
        if (block) return this.parseBlockSequence(properties);
        break;
      case BLOCK_MAPPING_START:
        if (block) return this.parseBlockMapping(properties);
        break;
      default:
        break;
    }
    if (properties.anchor !== undefined || properties.tag !== "") {
      return this.propertiesOnly(properties);
    }
    throw this.failure("YAML_SYNTAX", "did not find expected node content", token, first);
  }

  private checkSize(token: Token): void {
    const { maxNodes } = this.options.limits;
    if (this.nodes - this.aliasNodes <= maxNodes) return;
    throw this.failure("YAML_TOO_LARGE", `more than ${maxNodes} nodes`, token, token);
  }

  private parseAlias(token: Token): AliasNode {
    const target = this.anchors.get(token.value);
    if (target === undefined) {
      // Without the name, also for those who print the original's text: clear text that begins with "*" and stands
      // without quotes is read as an alias.
      throw this.failure("YAML_UNKNOWN_ANCHOR", "this alias has no anchor before this place", token, token, {
        upstream: "unknown anchor referenced",
      });
    }
    const size = this.anchored.sizeOf(target);
    if (size === undefined) {
      throw this.failure("YAML_RECURSIVE_ANCHOR", "the anchor of this alias contains itself", token, token, {
        upstream: "anchor value contains itself",
      });
    }
    this.nodes += size;
    this.aliasNodes += size;
    if (this.aliasNodes > this.options.limits.maxAliasNodes) {
      throw this.failure(
        "YAML_ALIAS_BOMB",
        `aliases stand for more than ${this.options.limits.maxAliasNodes} nodes`,
        token,
        token,
        {
          upstream: "document contains excessive aliasing",
        },
      );
    }
    if (this.anchored.expand(target) > this.options.limits.maxDepth) {
      throw this.failure("YAML_TOO_DEEP", "aliases within aliases nest too deep", token, token, {
        upstream: "exceeded max depth of 10000",
      });
    }
    const node = newAlias(token.value, target, this.position(token));
    this.giveComments(node);
    this.scanner.skip();
    return node;
  }

  /** Anchor and tag, in either order. */
  private parseProperties(first: Token): Properties {
    let anchor: string | undefined;
    let tag: Token | undefined;
    let token = first;
    for (;;) {
      if (token.kind === ANCHOR && anchor === undefined) anchor = token.value;
      else if (token.kind === TAG && tag === undefined) tag = token;
      else break;
      token = this.advance();
    }
    return { start: first, anchor, tag: tag === undefined ? "" : this.resolveTagHandle(tag, first) };
  }

  private resolveTagHandle(token: Token, first: Token): string {
    if (token.value === "") return shortTag(token.suffix);
    const prefix = this.tagHandles.get(token.value);
    if (prefix === undefined || prefix + token.suffix === "") {
      throw this.failure("YAML_TAG", "found undefined tag handle", token, first);
    }
    return shortTag(prefix + token.suffix);
  }

  private parseScalar(token: Token, properties: Properties): ScalarNode {
    const { value, style } = token;
    let { tag } = properties;
    if (this.comments && !isExplicit(tag)) tag = style === "plain" ? resolveV3Tag(value) : "!!str";
    const text = { value, style, textStart: token.start, textEnd: token.end };
    const node = newScalar(text, tag, properties, this.position(properties.start));
    this.giveComments(node);
    const before = this.nodes++;
    if (properties.anchor !== undefined) this.finishAnchored(node, properties.anchor, before);
    this.scanner.skip();
    return node;
  }

  /** A node of properties only: `&a`, `!!str`. */
  private propertiesOnly({ start, tag, anchor }: Properties): ScalarNode {
    const node = this.emptyScalar(this.position(start), start.start, { tag, anchor });
    const before = this.nodes++;
    if (anchor !== undefined) this.finishAnchored(node, anchor, before);
    return node;
  }

  /** Remembers a finished node under its anchor. `before` is the count of nodes before it. */
  private finishAnchored(node: YamlNode, anchor: string, before: number): void {
    this.anchors.set(anchor, node);
    this.anchored.addScalar(node, this.nodes - before);
  }

  private emptyScalar(at: Position, offset: number, written: Written): ScalarNode {
    const tag = isExplicit(written.tag) ? written.tag : this.comments ? "!!null" : written.tag;
    return newScalar({ value: "", style: "plain", textStart: offset, textEnd: offset }, tag, written, at);
  }

  /** An empty scalar behind `token`: its place is the end of that indicator. */
  private emptyAfter(token: Token): ScalarNode {
    this.checkSize(token);
    this.nodes++;
    const { line, column } = this.position(token);
    const at = { line, column: column + (token.end - token.start), offset: token.end };
    return this.emptyScalar(at, token.end, UNWRITTEN);
  }

  private emptyAt(token: Token): ScalarNode {
    this.checkSize(token);
    this.nodes++;
    return this.emptyScalar(this.position(token), token.start, UNWRITTEN);
  }

  private startSequence(properties: Properties, style: "plain" | "flow"): SequenceNode {
    const node = newSequence(properties, style, this.position(properties.start));
    if (properties.anchor !== undefined) this.anchors.set(properties.anchor, node);
    this.anchored.enter(node);
    this.nodes++;
    return node;
  }

  private startMapping(properties: Properties, style: "plain" | "flow"): MappingNode {
    const node = newMapping(properties, style, this.position(properties.start));
    if (properties.anchor !== undefined) this.anchors.set(properties.anchor, node);
    this.anchored.enter(node);
    this.nodes++;
    return node;
  }

  private finish(node: YamlNode, before: number): void {
    this.anchored.leave(node, this.nodes - before);
  }

  private parseBlockSequence(properties: Properties): SequenceNode {
    const before = this.nodes;
    const node = this.startSequence(properties, "plain");
    this.collector.giveStem(node);
    const start = this.peek();
    this.scanner.skip();
    for (;;) {
      const token = this.peek();
      if (token.kind === BLOCK_END) break;
      if (token.kind !== BLOCK_ENTRY) {
        throw this.failure("YAML_SYNTAX", "did not find expected '-' indicator", token, start);
      }
      const next = this.nextItem();
      node.items.push(
        next.kind === BLOCK_ENTRY || next.kind === BLOCK_END ? this.emptyAfter(token) : this.parseNode(true, false),
      );
    }
    this.scanner.skip();
    this.finish(node, before);
    return node;
  }

  /** Steps over a dash. What stands above it belongs to its item, or to the collection that its item is. */
  private nextItem(): Token {
    const above = this.collector.head.length;
    const next = this.advance();
    const isBlock = next.kind === BLOCK_SEQUENCE_START || next.kind === BLOCK_MAPPING_START;
    if (above > 0 && isBlock) this.collector.splitStem(above);
    return next;
  }

  /** A sequence that is the value of a key and stands at the column of that key. */
  private parseIndentlessSequence(properties: Properties): SequenceNode {
    const before = this.nodes;
    const node = this.startSequence(properties, "plain");
    for (;;) {
      const token = this.peek();
      if (token.kind !== BLOCK_ENTRY) break;
      const { kind } = this.nextItem();
      node.items.push(
        kind === BLOCK_ENTRY || kind === KEY || kind === VALUE || kind === BLOCK_END
          ? this.emptyAfter(token)
          : this.parseNode(true, false),
      );
    }
    this.finish(node, before);
    return node;
  }

  private parseBlockMapping(properties: Properties): MappingNode {
    const before = this.nodes;
    const node = this.startMapping(properties, "plain");
    this.collector.giveStem(node);
    const start = this.peek();
    this.scanner.skip();
    for (;;) {
      const token = this.peek();
      if (token.kind === BLOCK_END) break;
      // A value without a key has an empty key; only KEY and BLOCK_END can follow a finished entry.
      if (token.kind !== KEY) throw this.failure("YAML_SYNTAX", "did not find expected key", token, start);
      const next = this.advance();
      const key = endsEntry(next) ? this.emptyAfter(token) : this.parseNode(true, true);
      const previous = node.entries[node.entries.length - 1];
      if (previous !== undefined && key.foot !== "") {
        previous.key.foot = key.foot;
        key.foot = "";
      }
      const value = this.parseBlockValue();
      this.addEntry(node, key, value);
    }
    this.giveMappingEnd(node);
    this.scanner.skip();
    this.finish(node, before);
    return node;
  }

  private parseBlockValue(): YamlNode {
    const token = this.peek();
    if (token.kind !== VALUE) return this.emptyAt(token);
    const next = this.advance();
    return endsEntry(next) ? this.emptyAfter(token) : this.parseNode(true, true);
  }

  private giveMappingEnd(node: MappingNode): void {
    if (!this.comments) return;
    this.collector.giveEnd(node);
    const last = node.entries[node.entries.length - 1];
    if (node.style !== "flow" && node.foot !== "" && last !== undefined) {
      last.key.foot = node.foot;
      node.foot = "";
    }
  }

  private addEntry(node: MappingNode, key: YamlNode, value: YamlNode): void {
    if (this.comments) {
      if (key.foot === "" && value.foot !== "") {
        key.foot = value.foot;
        value.foot = "";
      }
      const first = this.duplicates.firstOf(node, key);
      if (first !== undefined) this.reportDuplicate(key, first);
    }
    node.entries.push({ key, value });
  }

  private reportDuplicate(key: YamlNode, first: YamlNode): void {
    const { refuseDuplicates, limits, source } = this.options;
    if (!refuseDuplicates && this.warnings.length >= limits.maxWarnings) return;
    const at = key.at ?? NOWHERE;
    const name = JSON.stringify(keyText(key));
    const firstLine = first.at?.line ?? 0;
    const problem = `the key ${name} is there twice (first in line ${firstLine})`;
    const upstream = `yaml: unmarshal errors:\n  line ${at.line}: mapping key ${name} already defined at line ${firstLine}`;
    if (refuseDuplicates) throw new YamlError("YAML_DUPLICATE_KEY", problem, { at, source, upstream });
    this.warnings.push({ code: "YAML_DUPLICATE_KEY", message: problem, at, document: this.documents - 1, upstream });
  }

  private parseFlowSequence(properties: Properties): SequenceNode {
    const before = this.nodes;
    const node = this.startSequence(properties, "flow");
    this.giveComments(node);
    const start = this.peek();
    let token = this.advance();
    while (token.kind !== FLOW_SEQUENCE_END) {
      if (node.items.length > 0) {
        if (token.kind !== FLOW_ENTRY) {
          throw this.failure("YAML_SYNTAX", "did not find expected ',' or ']'", token, start);
        }
        token = this.advance();
        if (token.kind === FLOW_SEQUENCE_END) break;
      }
      node.items.push(token.kind === KEY ? this.parseFlowPair(token) : this.parseNode(false, false));
      token = this.peek();
    }
    this.giveFlowEnd(node);
    this.finish(node, before);
    return node;
  }

  private giveFlowEnd(node: SequenceNode): void {
    if (this.comments) this.collector.giveEnd(node);
    this.scanner.skip();
  }

  /** `[key: value]`: a mapping of one entry without braces. */
  private parseFlowPair(token: Token): MappingNode {
    const node = this.startMapping({ start: token, anchor: undefined, tag: "" }, "flow");
    let next = this.advance();
    let key: YamlNode;
    if (next.kind === VALUE || next.kind === FLOW_ENTRY || next.kind === FLOW_SEQUENCE_END) {
      key = this.emptyAfter(next);
      // The Go libraries step over that token, whatever it is.
      this.scanner.skip();
    } else {
      key = this.parseNode(false, false);
    }
    const colon = this.peek();
    let value: YamlNode | undefined;
    if (colon.kind === VALUE) {
      next = this.advance();
      if (next.kind !== FLOW_ENTRY && next.kind !== FLOW_SEQUENCE_END) value = this.parseNode(false, false);
    }
    this.addEntry(node, key, value ?? this.emptyAt(colon));
    // The end of the pair is the next token, which stays: its comments are taken by the end of the sequence.
    this.peek();
    this.finish(node, this.nodes);
    return node;
  }

  private parseFlowMapping(properties: Properties): MappingNode {
    const before = this.nodes;
    const node = this.startMapping(properties, "flow");
    this.giveComments(node);
    const start = this.peek();
    let token = this.advance();
    let first = true;
    while (token.kind !== FLOW_MAPPING_END) {
      if (!first) {
        if (token.kind !== FLOW_ENTRY) {
          throw this.failure("YAML_SYNTAX", "did not find expected ',' or '}'", token, start);
        }
        token = this.advance();
        if (token.kind === FLOW_MAPPING_END) break;
      }
      first = false;
      this.parseFlowEntry(node, token);
      token = this.peek();
    }
    this.giveMappingEnd(node);
    this.scanner.skip();
    this.finish(node, before);
    return node;
  }

  private parseFlowEntry(node: MappingNode, token: Token): void {
    if (token.kind !== KEY) {
      const key = this.parseNode(false, false);
      this.addEntry(node, key, this.emptyAt(this.peek()));
      return;
    }
    let next = this.advance();
    const key =
      next.kind === VALUE || next.kind === FLOW_ENTRY || next.kind === FLOW_MAPPING_END
        ? this.emptyAt(next)
        : this.parseNode(false, false);
    next = this.peek();
    if (next.kind === VALUE) {
      next = this.advance();
      if (next.kind !== FLOW_ENTRY && next.kind !== FLOW_MAPPING_END) {
        this.addEntry(node, key, this.parseNode(false, false));
        return;
      }
    }
    this.addEntry(node, key, this.emptyAt(next));
  }

  private position(token: Token): Position {
    const column = this.hasSurrogates ? this.columns.at(token.start - token.column, token.start) : token.column + 1;
    return { line: token.line + 1, column, offset: token.start };
  }

  private failure(
    code: YamlErrorCode,
    problem: string,
    at: Token,
    context: Token | undefined,
    more: { readonly upstream?: string } = {},
  ): YamlError {
    const plain = more.upstream !== undefined;
    return this.scanner.state.error(code, problem, {
      at: { index: at.start, line: at.line, column: at.column },
      contextLine: plain ? 0 : (context?.line ?? 0),
      problemLine: plain ? 0 : at.line,
      scanner: false,
      ...more,
    });
  }
}

const NOWHERE: Position = { line: 0, column: 0, offset: 0 };

function endsDocument(token: Token): boolean {
  const { kind } = token;
  return (
    kind === VERSION_DIRECTIVE ||
    kind === TAG_DIRECTIVE ||
    kind === DOCUMENT_START ||
    kind === DOCUMENT_END ||
    kind === STREAM_END
  );
}

function endsEntry({ kind }: Token): boolean {
  return kind === KEY || kind === VALUE || kind === BLOCK_END;
}

/** `tag:yaml.org,2002:str` becomes `!!str`. */
function shortTag(tag: string): string {
  return tag.startsWith(YAML_TAGS) ? `!!${tag.slice(YAML_TAGS.length)}` : tag;
}
