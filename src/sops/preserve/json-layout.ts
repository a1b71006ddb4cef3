import { type JsonMember, type JsonNode, parseJson, YamlError } from "../../yaml/index.ts";
import { isSameNode } from "../merge/same-node.ts";
import { indentUnit, writeJson } from "../stores/json-write.ts";
import { METADATA_KEY } from "../stores/store.ts";
import { type Branch, type Entry, isComment, type Node } from "../values/value.ts";
import { compactJson } from "./compact-json.ts";
import { type Layout, LayoutError, type Site } from "./layout.ts";
import { isCommentSpot } from "./spots.ts";
import { lineBreakOf, lineStart, type TextEdit } from "./text-edit.ts";

type JsonObject = Extract<JsonNode, { kind: "object" }>;

/** White space, escapes and the texts of numbers of JSON. */
export const jsonLayout: Layout = {
  locate(text, documents) {
    const sites: Site[] = [];
    const [document] = documents;
    if (document !== undefined) locate(text, parse(text), document, sites, true);
    return { sites, unseenComments: [] };
  },
  addMetadata(text, metadata, indent) {
    const root = parse(text);
    const last = root.members.at(-1);
    const open = root.at + 1;
    const at = last === undefined ? open : endOf(text, last.value);
    // What stands before the first key stands before this one.
    const gap = text.slice(open, root.members[0]?.at ?? open);
    const isOneLine = !/[\r\n]/.test(gap);
    const unit = /[^\r\n]*$/.exec(gap)?.[0] || indentUnit(indent);
    const lines = isOneLine ? compactJson(metadata) : writeJson(metadata, { unit }).replaceAll("\n", `\n${unit}`);
    const key = JSON.stringify(METADATA_KEY);
    const value = lines.replaceAll("\n", lineBreakOf(text));
    return [{ start: at, end: at, text: `${last === undefined ? "" : ","}${gap}${key}: ${value}` }];
  },
  removeMetadata(text) {
    const root = parse(text);
    const at = root.members.findIndex(({ key }) => key === METADATA_KEY);
    const member = root.members[at];
    if (member === undefined) return [];
    const before = root.members[at - 1];
    const next = root.members[at + 1];
    const end = endOf(text, member.value);
    if (before !== undefined) return [{ start: endOf(text, before.value), end, text: "" }];
    return [{ start: root.at + 1, end: next === undefined ? end : next.at, text: "" }];
  },
  shapeEdits(text, [before], [wanted]) {
    const edits: TextEdit[] = [];
    if (before !== undefined && wanted !== undefined) reshape(text, parse(text), before, wanted, edits);
    return edits;
  },
};

/** Compares two trees; `node` is where the first one stands. */
function reshape(text: string, node: JsonNode, before: Node, wanted: Node, edits: TextEdit[]): void {
  if (isSameNode(before, wanted)) return;
  if (node.kind !== "object" || !isBranch(before) || !isBranch(wanted)) {
    edits.push({ start: node.at, end: endOf(text, node), text: printedAt(text, node.at, wanted) });
    return;
  }
  const [old, now] = [entriesOf(before), entriesOf(wanted)];
  const { members } = node;
  const kept = members.filter(({ key }) => now.has(key));
  for (const [at, member] of members.entries()) {
    const [was, is] = [old.get(member.key), now.get(member.key)];
    if (was !== undefined && is !== undefined) reshape(text, member.value, was, is, edits);
    if (is !== undefined) continue;
    const [previous, next] = [members[at - 1], members[at + 1]];
    const end = endOf(text, member.value);
    if (previous !== undefined) edits.push({ start: endOf(text, previous.value), end, text: "" });
    else edits.push({ start: member.at, end: next?.at ?? end, text: "" });
  }
  const last = members.at(-1);
  const added = [...now].filter(([key]) => !old.has(key));
  if (added.length === 0) return;
  if (last === undefined || kept.length === 0) throw new LayoutError("a mapping in it has no entry to go by");
  const gap = text.slice(node.at + 1, members[0]?.at ?? node.at + 1);
  const at = endOf(text, last.value);
  const lines = added.map(([key, value]) => `,${gap}${JSON.stringify(key)}: ${printedAt(text, last.at, value)}`);
  edits.push({ start: at, end: at, text: lines.join("") });
}

function isBranch(node: Node): node is Branch {
  return typeof node === "object" && node !== null && node.kind === "branch";
}

function entriesOf({ items }: Branch): Map<string, Node> {
  return new Map(items.flatMap((item) => (item.kind === "entry" ? [[item.key, item.value] as const] : [])));
}

/** A value as it is printed where the line of `at` begins: on one line, when all of the text is on one. */
function printedAt(text: string, at: number, value: Node): string {
  const lineBreak = lineBreakOf(text);
  if (!/[\r\n]/.test(text.trim())) return compactJson(value);
  const margin = /^[ \t]*/.exec(text.slice(lineStart(text, at)))?.[0] ?? "";
  const unit = /[\r\n]([ \t]+)"/.exec(text)?.[1] ?? indentUnit(undefined);
  return writeJson(value, { unit }).replaceAll("\n", lineBreak + margin);
}

function parse(text: string): JsonObject {
  try {
    const root = parseJson(text);
    if (root.kind === "object") return root;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const why = error.code === "JSON_DUPLICATE_KEY" ? "a key is there twice" : "something stands behind its end";
    throw new LayoutError(`it is no strict JSON: ${why}`);
  }
  throw new LayoutError("its top is no object");
}

function locate(text: string, node: JsonNode, value: Node, sites: Site[], isTop = false): void {
  if (typeof value === "object" && value !== null && value.kind === "branch") {
    const entries = value.items.filter((item): item is Entry => item.kind === "entry");
    const members = membersOf(node, isTop);
    pairUp(members, entries, (member, entry) => locate(text, member.value, entry.value, sites));
  } else if (typeof value === "object" && value !== null && value.kind === "list") {
    const items = value.items.filter((item): item is Node => !isComment(item));
    pairUp(node.kind === "array" ? node.items : [], items, (child, item) => locate(text, child, item, sites));
  } else {
    const [start, end] = [node.at, endOf(text, node)];
    const edit = (replacement: string): TextEdit => ({ start, end, text: replacement });
    sites.push({
      start,
      end,
      sealed: (envelope) => edit(`"${envelope}"`),
      opened(spot) {
        if (isCommentSpot(spot)) throw new LayoutError("it has comments, and JSON has none");
        return edit(writeJson(spot, { unit: "" }));
      },
    });
  }
}

function membersOf(node: JsonNode, isTop: boolean): readonly JsonMember[] {
  if (node.kind !== "object") return [];
  return isTop ? node.members.filter(({ key }) => key !== METADATA_KEY) : node.members;
}

function pairUp<One, Other>(
  ones: readonly One[],
  others: readonly Other[],
  visit: (one: One, other: Other) => void,
): void {
  if (ones.length !== others.length) throw new LayoutError("its values are not where they are read");
  for (const [at, one] of ones.entries()) {
    const other = others[at];
    if (other !== undefined) visit(one, other);
  }
}

function endOf(text: string, node: JsonNode): number {
  switch (node.kind) {
    case "string":
      return behindString(text, node.at);
    case "number":
      return node.at + node.text.length;
    case "boolean":
      return node.at + String(node.value).length;
    case "null":
      return node.at + "null".length;
    case "array":
      return behindBracket(text, endOfLast(text, node.items.at(-1), node.at));
    case "object":
      return behindBracket(text, endOfLast(text, node.members.at(-1)?.value, node.at));
  }
}

function endOfLast(text: string, last: JsonNode | undefined, open: number): number {
  return last === undefined ? open + 1 : endOf(text, last);
}

function behindString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === "\\" ? 2 : 1;
  return at + 1;
}

function behindBracket(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at++;
  return at + 1;
}
