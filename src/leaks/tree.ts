import { type JsonNode, parseJsonStream, parseYaml, YamlError, type YamlNode } from "../yaml/index.ts";

/** A value of a YAML or JSON file with the line it stands on, 1-based. Aliases and merged mappings are resolved. */
export type Tree =
  | { readonly kind: "text"; readonly line: number; readonly text: string }
  /** A number, a boolean or nothing. */
  | { readonly kind: "plain"; readonly line: number; readonly text: string }
  | { readonly kind: "list"; readonly line: number; readonly items: readonly Tree[] }
  | { readonly kind: "mapping"; readonly line: number; readonly fields: ReadonlyMap<string, Tree> };

export type MappingTree = Extract<Tree, { kind: "mapping" }>;

/** Bounds that keep one file of a stranger cheap: what is larger is read line by line instead. */
const LIMITS = { maxNodes: 300_000, maxInputLength: 16 * 1024 * 1024, maxDepth: 200 };
/** Nodes of one file with everything that aliases stand for. */
const MAX_RESOLVED = 600_000;

/** The documents of a file. @throws {YamlError} when it is neither YAML nor JSON, or beyond the bounds. */
export function readTrees(input: Uint8Array): readonly Tree[] {
  try {
    const { documents } = parseYaml(input, { mode: "lenient", limits: LIMITS });
    const resolver = new Resolver();
    return documents.flatMap(({ root }) => (root === undefined ? [] : [resolver.tree(root)]));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    // JSON knows escapes that YAML does not.
    if (!startsAsJson(input)) throw error;
    return jsonTrees(input);
  }
}

function startsAsJson(input: Uint8Array): boolean {
  return /^\s*[{[]/.test(Buffer.from(input.subarray(0, 200)).toString("latin1"));
}

class Resolver {
  #left = MAX_RESOLVED;

  tree(node: YamlNode): Tree {
    const line = node.at?.line ?? 1;
    if (--this.#left < 0) return { kind: "plain", line, text: "" };
    switch (node.kind) {
      case "scalar":
        return {
          kind: node.tag === "!!str" || node.tag === "" ? "text" : plainOrText(node.tag),
          line,
          text: node.value,
        };
      case "alias":
        return this.tree(node.target);
      case "sequence":
        return { kind: "list", line, items: node.items.map((item) => this.tree(item)) };
      default: {
        const fields = new Map<string, Tree>();
        const merged: Tree[] = [];
        for (const { key, value } of node.entries) {
          if (key.kind !== "scalar") continue;
          if (key.tag === "!!merge") merged.push(this.tree(value));
          else fields.set(key.value, this.tree(value));
        }
        for (const below of merged.flatMap((tree) => (tree.kind === "list" ? tree.items : [tree]))) {
          if (below.kind !== "mapping") continue;
          for (const [key, value] of below.fields) if (!fields.has(key)) fields.set(key, value);
        }
        return { kind: "mapping", line, fields };
      }
    }
  }
}

/** Tags of one's own and `!!binary` are on texts. */
function plainOrText(tag: string): "plain" | "text" {
  return ["!!int", "!!float", "!!bool", "!!null", "!!timestamp"].includes(tag) ? "plain" : "text";
}

function jsonTrees(input: Uint8Array): readonly Tree[] {
  const text = new TextDecoder("utf-8").decode(input);
  const { values } = parseJsonStream(text, { mode: "lenient", limits: LIMITS });
  let at = 0;
  let line = 1;
  // Nodes come in the order of the text.
  const lineOf = (offset: number) => {
    for (; at < offset; at++) if (text.charCodeAt(at) === 10) line++;
    return line;
  };
  return values.map((node) => jsonTree(node, lineOf));
}

function jsonTree(node: JsonNode, lineOf: (offset: number) => number): Tree {
  const line = lineOf(node.at);
  switch (node.kind) {
    case "string":
      return { kind: "text", line, text: node.value };
    case "number":
      return { kind: "plain", line, text: node.text };
    case "array":
      return { kind: "list", line, items: node.items.map((item) => jsonTree(item, lineOf)) };
    case "object":
      return {
        kind: "mapping",
        line,
        fields: new Map(node.members.map(({ key, value }) => [key, jsonTree(value, lineOf)])),
      };
    default:
      return { kind: "plain", line, text: node.kind === "null" ? "" : String(node.value) };
  }
}

/** The mapping in a field; undefined for anything else. */
export function mappingIn(tree: Tree | undefined, ...path: readonly string[]): MappingTree | undefined {
  let at = tree;
  for (const name of path) at = at?.kind === "mapping" ? at.fields.get(name) : undefined;
  return at?.kind === "mapping" ? at : undefined;
}

/** The text in a field, `""` for anything else. */
export function textIn(tree: Tree | undefined, ...path: readonly string[]): string {
  let at = tree;
  for (const name of path) at = at?.kind === "mapping" ? at.fields.get(name) : undefined;
  return at?.kind === "text" ? at.text : "";
}

/** The entries of the list in a field. */
export function listIn(tree: Tree | undefined, name: string): readonly Tree[] {
  const found = tree?.kind === "mapping" ? tree.fields.get(name) : undefined;
  return found?.kind === "list" ? found.items : [];
}
