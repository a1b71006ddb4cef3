import { columnOf, YamlError, type YamlErrorCode, type YamlWarning } from "./errors.ts";
import type { YamlLimits } from "./limits.ts";
import type { AliasNode, MappingNode, Position, ScalarNode, SequenceNode, YamlDocument, YamlNode } from "./node.ts";
import { resolveV3Tag } from "./resolve.ts";
import { Scanner } from "./scanner.ts";
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
} from "./token.ts";

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

/** What a node carries in front of itself. */
interface Properties {
  readonly start: Token;
  readonly anchor: string | undefined;
  /** Short form, `""` when none was written. */
  readonly tag: string;
}

/**
 * Builds the node trees of a stream from its tokens.
 *
 * Source: the productions of YAML 1.1 as libyaml reads them; comments as yaml.v3 attaches them.
 */
export class Parser {
  readonly warnings: YamlWarning[] = [];
  private readonly scanner: Scanner;
  private readonly options: ParserOptions;
  private readonly comments: boolean;
  private readonly hasSurrogates: boolean;
  private anchors = new Map<string, YamlNode>();
  private readonly sizes = new Map<YamlNode, number>();
  private tagHandles = new Map<string, string>();
  private documents = 0;
  private nodes = 0;
  private aliasNodes = 0;
  private head = "";
  private line = "";
  private foot = "";
  private stem = "";

  constructor(text: string, options: ParserOptions) {
    this.options = options;
    this.comments = options.flavor === "v3";
    this.scanner = new Scanner(text, { limits: options.limits, source: options.source, comments: this.comments });
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
      document.head = this.splitDocumentHead();
      document.root = this.parseNode(true, false);
    }
    this.endDocument(document);
    return document;
  }

  private endDocument(document: YamlDocument): void {
    if (this.peek().kind === DOCUMENT_END) this.scanner.skip();
    document.foot = this.foot !== "" ? this.foot : this.head;
    this.clearComments();
    this.tagHandles = new Map();
  }

  /** Above the first node, what is separated from it by an empty line belongs to the document. */
  private splitDocumentHead(): string {
    const text = this.head;
    for (let at = text.length - 1; at > 0; at--) {
      if (text.charCodeAt(at) !== 10) continue;
      if (at === text.length - 1 || text.charCodeAt(at - 1) === 10) {
        this.head = text.slice(at + 1);
        return text.slice(0, at === text.length - 1 ? at : at - 1);
      }
    }
    return "";
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
    if (this.comments) this.takeCommentsBefore(token);
    return token;
  }

  private advance(): Token {
    this.scanner.skip();
    return this.peek();
  }

  /** Collects the comments that belong to a token which starts here or later. */
  private takeCommentsBefore(token: Token): void {
    const { state } = this.scanner;
    while (state.commentsHead < state.comments.length) {
      const comment = state.comments[state.commentsHead];
      if (comment === undefined || token.start < comment.tokenIndex) return;
      // The end of a block has nothing above it: the comment waits for what follows.
      if (comment.head !== "" && token.kind === BLOCK_END) return;
      this.head = joined(this.head, comment.head);
      this.foot = joined(this.foot, comment.foot);
      this.line = joined(this.line, comment.line);
      state.commentsHead++;
      if (state.commentsHead === state.comments.length) {
        state.comments = [];
        state.commentsHead = 0;
      }
    }
  }

  private clearComments(): void {
    this.head = this.line = this.foot = this.stem = "";
  }

  /** Moves the comments collected so far to `node`. */
  private giveComments(node: YamlNode): void {
    if (!this.comments) return;
    node.head = this.head;
    node.line = this.line;
    node.foot = this.foot;
    this.clearComments();
  }

  /** A comment in front of a dash whose item is a block collection belongs to that collection. */
  private splitStem(length: number): void {
    if (length === 0) return;
    const { kind } = this.peek();
    if (kind !== BLOCK_SEQUENCE_START && kind !== BLOCK_MAPPING_START) return;
    this.stem = this.head.slice(0, length);
    this.head = this.head.slice(length + 1);
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
      return this.withAnchor(this.emptyScalar(first, properties.tag), properties, this.nodes++);
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
    const size = this.sizes.get(target);
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
    const node: AliasNode = {
      kind: "alias",
      name: token.value,
      target,
      tag: "",
      anchor: undefined,
      style: "plain",
      at: this.position(token),
      head: "",
      line: "",
      foot: "",
    };
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
    const explicit = properties.tag !== "" && properties.tag !== "!";
    const node: ScalarNode = {
      kind: "scalar",
      value,
      tag: properties.tag,
      explicitTag: explicit,
      anchor: properties.anchor,
      style,
      at: this.position(properties.start),
      head: "",
      line: "",
      foot: "",
      textStart: token.start,
      textEnd: token.end,
    };
    if (this.comments) {
      if (!explicit) node.tag = style === "plain" ? resolveV3Tag(value) : "!!str";
      this.giveComments(node);
    }
    const size = this.nodes++;
    if (properties.anchor !== undefined) this.withAnchor(node, properties, size);
    this.scanner.skip();
    return node;
  }

  /** Remembers a finished node under its anchor. `before` is the count of nodes before it. */
  private withAnchor<T extends YamlNode>(node: T, { anchor }: Properties, before: number): T {
    if (anchor === undefined) return node;
    node.anchor = anchor;
    this.anchors.set(anchor, node);
    this.sizes.set(node, this.nodes - before);
    return node;
  }

  private emptyScalar(at: Token, tag = ""): ScalarNode {
    return {
      kind: "scalar",
      value: "",
      tag: tag !== "" && tag !== "!" ? tag : this.comments ? "!!null" : tag,
      explicitTag: tag !== "" && tag !== "!",
      anchor: undefined,
      style: "plain",
      at: this.position(at),
      head: "",
      line: "",
      foot: "",
      textStart: at.start,
      textEnd: at.start,
    };
  }

  /** An empty scalar behind `at`: its place is the end of that indicator. */
  private emptyAfter(at: Token): ScalarNode {
    this.checkSize(at);
    this.nodes++;
    const node = this.emptyScalar(at);
    const position = this.position(at);
    const width = at.end - at.start;
    node.at = { line: position.line, column: position.column + width, offset: at.end };
    node.textStart = node.textEnd = at.end;
    return node;
  }

  private emptyAt(at: Token): ScalarNode {
    this.checkSize(at);
    this.nodes++;
    return this.emptyScalar(at);
  }

  private startSequence(properties: Properties, style: "plain" | "flow"): SequenceNode {
    const { tag, anchor, start } = properties;
    const explicit = tag !== "" && tag !== "!";
    const node: SequenceNode = {
      kind: "sequence",
      items: [],
      tag: explicit ? tag : "!!seq",
      explicitTag: explicit,
      anchor,
      style,
      at: this.position(start),
      head: "",
      line: "",
      foot: "",
    };
    if (anchor !== undefined) this.anchors.set(anchor, node);
    this.nodes++;
    return node;
  }

  private startMapping(properties: Properties, style: "plain" | "flow"): MappingNode {
    const { tag, anchor, start } = properties;
    const explicit = tag !== "" && tag !== "!";
    const node: MappingNode = {
      kind: "mapping",
      entries: [],
      tag: explicit ? tag : "!!map",
      explicitTag: explicit,
      anchor,
      style,
      at: this.position(start),
      head: "",
      line: "",
      foot: "",
    };
    if (anchor !== undefined) this.anchors.set(anchor, node);
    this.nodes++;
    return node;
  }

  private finish(node: YamlNode, before: number): void {
    if (node.anchor !== undefined) this.sizes.set(node, this.nodes - before);
  }

  private giveStem(node: YamlNode): void {
    if (this.stem === "") return;
    node.head = this.stem;
    this.stem = "";
  }

  private parseBlockSequence(properties: Properties): SequenceNode {
    const before = this.nodes;
    const node = this.startSequence(properties, "plain");
    this.giveStem(node);
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

  /** Steps over a dash. */
  private nextItem(): Token {
    const stemLength = this.head.length;
    this.scanner.skip();
    this.splitStem(stemLength);
    return this.peek();
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
    this.giveStem(node);
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
    node.line = this.line;
    node.foot = this.foot;
    this.clearComments();
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
      this.checkDuplicate(node, key);
    }
    node.entries.push({ key, value });
  }

  private readonly seen = new WeakMap<MappingNode, Map<string, YamlNode>>();

  private checkDuplicate(node: MappingNode, key: YamlNode): void {
    const { entries } = node;
    let first: YamlNode | undefined;
    if (entries.length < SMALL_MAPPING) {
      for (const entry of entries) {
        if (entry.key.kind === key.kind && keyText(entry.key) === keyText(key)) {
          first = entry.key;
          break;
        }
      }
    } else {
      let known = this.seen.get(node);
      if (known === undefined) {
        known = new Map();
        for (const entry of entries) known.set(`${entry.key.kind} ${keyText(entry.key)}`, entry.key);
        this.seen.set(node, known);
      }
      const id = `${key.kind} ${keyText(key)}`;
      first = known.get(id);
      if (first === undefined) known.set(id, key);
    }
    if (first !== undefined) this.reportDuplicate(key, first);
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
    if (this.comments) {
      node.line = this.line;
      node.foot = this.foot;
      this.clearComments();
    }
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
    const column = this.hasSurrogates
      ? columnOf(this.scanner.state.text, token.start - token.column, token.start)
      : token.column + 1;
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

/** Below this many entries, keys are compared one by one. */
const SMALL_MAPPING = 8;
const NOWHERE: Position = { line: 0, column: 0, offset: 0 };

function joined(before: string, more: string): string {
  if (more === "") return before;
  return before === "" ? more : `${before}\n${more}`;
}

function keyText(node: YamlNode): string {
  if (node.kind === "scalar") return node.value;
  return node.kind === "alias" ? node.name : "";
}

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
