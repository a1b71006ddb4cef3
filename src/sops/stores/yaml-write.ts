import { encodeBase64 } from "../../bytes/base64.ts";
import {
  formatYamlFloat,
  isOldBoolean,
  type MappingNode,
  printV3,
  resolveText,
  type ScalarNode,
  type SequenceNode,
  type YamlDocument,
  type YamlNode,
} from "../../yaml/index.ts";
import { SopsError } from "../errors.ts";
import { append } from "../values/append.ts";
import { type Branch, type Comment, type Entry, isComment, type Leaf, type List, type Node } from "../values/value.ts";
import { writePlainBranch } from "./yaml-write-plain.ts";

const DEFAULT_YAML_INDENT = 4;

/**
 * Prints documents as the original does: block style, comments above what follows them, quotes where a plain text would
 * be read as something else.
 *
 * @throws {SopsError} `SOPS_UNPRINTABLE` for a negative indent.
 */
export function writeYaml(documents: readonly Branch[], indent: number | undefined): string {
  const columns = checkIndent(indent);
  const [document] = documents;
  const plain = documents.length === 1 && document !== undefined ? writePlain(document, columns) : undefined;
  return plain ?? printDocuments(documents, columns);
}

function writePlain(document: Branch, indent: number): string | undefined {
  if (indent < 2 || indent > 9) return undefined;
  return writePlainBranch(document, indent, (entry) => printDocuments([{ kind: "branch", items: [entry] }], indent));
}

function printDocuments(documents: readonly Branch[], indent: number): string {
  return printV3(
    documents.map((document) => ({ root: mappingNode(document), head: "", foot: "" })),
    { indent },
  );
}

/** One node of a tree as a document of its own. */
export function writeYamlNode(node: Node, indent: number | undefined): string {
  return printV3([{ root: yamlNode(node), head: "", foot: "" }], { indent: checkIndent(indent) });
}

/** A document of a stream of which only some were encrypted. */
export type StreamDocument =
  | { readonly kind: "clear"; readonly node: YamlDocument }
  | { readonly kind: "decrypted"; readonly document: Branch };

/**
 * Prints a stream for readers of manifests: clear documents with their own quoting, and clear dates of the others as they
 * were written, because Kubernetes takes them for text.
 */
export function writeStream(stream: readonly StreamDocument[]): string {
  return printV3(
    stream.map((part) =>
      part.kind === "clear" ? part.node : { root: mappingNode(withSourceTimes(part.document)), head: "", foot: "" },
    ),
  );
}

/** A copy with clear times as they were written, in plain style: readers of Kubernetes take them for text. */
export function withSourceTimes(document: Branch): Branch {
  const items = document.items.map((item) =>
    item.kind === "entry" ? { ...item, value: withSourceTime(item.value) } : item,
  );
  return { kind: "branch", items };
}

function withSourceTime(node: Node): Node {
  if (typeof node !== "object" || node === null) return node;
  if (node.kind === "branch") return withSourceTimes(node);
  if (node.kind === "list") {
    return { kind: "list", items: node.items.map((item) => (isComment(item) ? item : withSourceTime(item))) };
  }
  return node.kind === "time" && node.source !== undefined ? { ...node, text: node.source } : node;
}

function checkIndent(indent: number | undefined): number {
  if (indent === undefined || indent === 0) return DEFAULT_YAML_INDENT;
  if (indent > 0) return indent;
  throw new SopsError("SOPS_UNPRINTABLE", `Cannot print YAML with an indent of ${indent}: 2 to 9 are possible`, {
    upstream: "YAML Negative indentation not accepted",
  });
}

/** A document as a node tree for the printer. */
function mappingNode({ items }: Branch): MappingNode {
  const node: MappingNode = { ...BARE, kind: "mapping", tag: "!!map", entries: [] };
  const comments = new PendingComments();
  for (const item of items) {
    if (item.kind === "comment") {
      comments.add(item);
      continue;
    }
    const key = keyNode(item);
    const value = yamlNode(item.value);
    // The first comments of a mapping stand above all of it; below it they would not come back in the same place.
    if (node.entries.length === 0) node.head = comments.takeAbove();
    else key.head = comments.takeAbove();
    value.line = comments.takeInline();
    if (isEmptyList(value)) comments.addText(takeHead(value));
    node.entries.push({ key, value });
  }
  const rest = comments.takeAll();
  const last = node.entries.at(-1);
  // Below a mapping that has entries, only the foot of its last key is printed at the mapping's own indentation.
  if (last === undefined) node.head = rest;
  else last.key.foot = rest;
  return node;
}

function sequenceNode({ items }: List): SequenceNode {
  const node: SequenceNode = { ...BARE, kind: "sequence", tag: "!!seq", items: [] };
  const comments = new PendingComments();
  for (const item of items) {
    if (isComment(item)) {
      comments.add(item);
      continue;
    }
    const value = yamlNode(item);
    // Behind a block there is no room: the comment would go behind the dash of another item, or be lost.
    const above = isBlock(value) ? comments.takeAll() : comments.takeAbove();
    // A mapping in a list begins with comments of its own, which stand above the dash too: only one of both is printed.
    if (node.items.length === 0 && value.head === "") node.head = above;
    else value.head = joined(above, value.head);
    value.line = comments.takeInline();
    node.items.push(value);
  }
  const last = node.items.at(-1);
  if (last === undefined) node.head = comments.takeAll();
  else last.foot = comments.takeAll();
  return node;
}

function isBlock(node: YamlNode): boolean {
  return (node.kind === "mapping" && node.entries.length > 0) || (node.kind === "sequence" && node.items.length > 0);
}

/** The comments of a list without items stand below it, with those of the next key: `[]` has room for none. */
function isEmptyList(node: YamlNode): boolean {
  return node.kind === "sequence" && node.items.length === 0;
}

function takeHead(node: YamlNode): string {
  const { head } = node;
  node.head = "";
  return head;
}

function yamlNode(node: Node): YamlNode {
  if (typeof node === "object" && node !== null) {
    if (node.kind === "branch") return mappingNode(node);
    if (node.kind === "list") return sequenceNode(node);
  }
  return scalarNode(node);
}

/** `<<` with nothing to merge below it is quoted: as a merge key nobody could read it. */
function keyNode({ key, value }: Entry): ScalarNode {
  const node = scalarNode(key);
  if (node.tag !== "!!merge" || isBranch(value) || (isList(value) && value.items.every(mayBeMerged))) return node;
  return { ...node, tag: "!!str", style: "double" };
}

function mayBeMerged(item: Node | Comment): boolean {
  return isComment(item) || isBranch(item);
}

function isBranch(node: Node): boolean {
  return typeof node === "object" && node !== null && node.kind === "branch";
}

function isList(node: Node): node is List {
  return typeof node === "object" && node !== null && node.kind === "list";
}

const BARE = { head: "", line: "", foot: "", anchor: undefined, style: "plain", at: undefined } as const;

function scalarNode(leaf: Leaf): ScalarNode {
  switch (typeof leaf) {
    case "string":
      return textNode(leaf);
    case "bigint":
      return scalar(leaf.toString(), "!!int");
    case "number":
      return floatNode(leaf);
    case "boolean":
      return scalar(String(leaf), "!!bool");
    default:
      if (leaf === null) return scalar("null", "!!null");
      if (leaf.kind === "time") return scalar(leaf.text, "!!timestamp");
      return scalar(base64Lines(leaf.bytes), "!!binary");
  }
}

/** Text that readers of YAML 1.1 would take for a boolean or a number to base 60 is quoted for their sake. */
function textNode(text: string): ScalarNode {
  if (text === "<<") return scalar(text, "!!merge");
  const node = scalar(text, "!!str");
  if (isOldBoolean(text) || BASE_60.test(text)) node.style = "double";
  return node;
}

const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

/** A float without a fraction looks like an integer; the original prints it so, without a tag. */
function floatNode(value: number): ScalarNode {
  const text = formatYamlFloat(value);
  return scalar(text, resolveText(text, "v3").tag);
}

const BASE64_COLUMNS = 70;

/** Base64 in one line, or from 70 characters on in lines that each end with a break. */
function base64Lines(bytes: Uint8Array): string {
  const text = encodeBase64(bytes);
  if (text.length < BASE64_COLUMNS) return text;
  let lines = "";
  for (let at = 0; at < text.length; at += BASE64_COLUMNS) lines += `${text.slice(at, at + BASE64_COLUMNS)}\n`;
  return lines;
}

function scalar(value: string, tag: string): ScalarNode {
  return {
    kind: "scalar",
    value,
    tag,
    head: "",
    line: "",
    foot: "",
    anchor: undefined,
    style: "plain",
    at: undefined,
  };
}

/** Comments that wait for what they stand above or behind. */
class PendingComments {
  #above: string[] = [];
  #inline: string[] = [];

  add({ text, inline }: Comment): void {
    // Later lines of a comment of INI have marks of their own; the printer adds what is missing.
    append(inline ? this.#inline : this.#above, `#${text}`.split("\n"));
  }

  /** Lines as the printer has them, above what is added after them. */
  addText(text: string): void {
    if (text !== "") append(this.#above, text.split("\n"));
  }

  takeAbove(): string {
    return take(this.#above);
  }

  takeInline(): string {
    return take(this.#inline);
  }

  /** Both kinds, where nothing follows that a comment could stand behind. */
  takeAll(): string {
    const lines = [...this.#above, ...this.#inline];
    this.#inline.length = 0;
    this.#above.length = 0;
    return lines.join("\n");
  }
}

function joined(above: string, below: string): string {
  return above === "" || below === "" ? above + below : `${above}\n${below}`;
}

function take(lines: string[]): string {
  return lines.length === 0 ? "" : lines.splice(0).join("\n");
}
