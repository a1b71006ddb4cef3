import { decodeBase64Go } from "../../bytes/base64.ts";
import {
  type MappingNode,
  parseYaml,
  resolveTagged,
  type ScalarNode,
  type SequenceNode,
  type YamlDocument,
  YamlError,
  type YamlNode,
} from "../../yaml/index.ts";
import { nameOf, SopsError } from "../errors.ts";
import { fitsInt64 } from "../values/number.ts";
import { textLeaf } from "../values/plaintext.ts";
import { timeValue } from "../values/time.ts";
import type { Branch, Comment, Entry, Leaf, List, Node } from "../values/value.ts";
import type { StoreContext } from "./store.ts";
import { readPlainYaml } from "./yaml-read-plain.ts";

/** Looks at the documents as the parser gives them, before they become trees. */
type DocumentsCheck = (documents: readonly YamlDocument[], file: string | undefined) => void;

/**
 * Reads a YAML stream as documents of ordered entries and comments. Anchors are followed, so every use of one is a value
 * of its own; styles, tags of one's own and blank lines are not kept.
 *
 * @throws {SopsError} `SOPS_BAD_SYNTAX`, `SOPS_BAD_VALUE` for keys that are no text and integers beyond 64 bits,
 * `SOPS_EMPTY_FILE`.
 */
export function readYaml(input: Uint8Array, context: StoreContext, check?: DocumentsCheck): Branch[] {
  const { file } = context;
  if (input.length === 0) {
    throw new SopsError(
      "SOPS_EMPTY_FILE",
      `Cannot use ${nameOf(file)}: it is empty, and at least one document is needed`,
      {
        file,
        upstream: "File cannot be completely empty, it must contain at least one document",
      },
    );
  }
  const plain = readPlainYaml(input);
  if (plain !== undefined) return [plain];
  const documents = parseStream(input, context);
  if (documents.length === 0) throw badShape(file, "there is no document in it", "EOF");
  check?.(documents, file);
  return documents.map((document) => readDocument(document, file));
}

/** One document as a tree. @throws {SopsError} `SOPS_BAD_SYNTAX`, `SOPS_BAD_VALUE`. */
export function readDocument(document: YamlDocument, file: string | undefined): Branch {
  return new DocumentReader(file).read(document);
}

/** The documents as the parser gives them. @throws {SopsError} `SOPS_BAD_SYNTAX`, `SOPS_TOO_LARGE`. */
export function parseStream(input: Uint8Array, { file, isLenient, onWarning }: StoreContext): readonly YamlDocument[] {
  try {
    const source = file === undefined ? {} : { source: file };
    const { documents, warnings } = parseYaml(input, { mode: isLenient === true ? "lenient" : "strict", ...source });
    const secondStart = documents[1]?.at.offset ?? Number.POSITIVE_INFINITY;
    for (const { code, at, message } of warnings) {
      // The original reads the first document once more into a map, which refuses what the other documents may hold.
      if (code === "YAML_DUPLICATE_KEY" && at.offset < secondStart) {
        throw badShape(file, `line ${at.line}, column ${at.column}: ${message}`);
      }
      onWarning?.(`line ${at.line}, column ${at.column}: ${message}`);
    }
    return documents;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const code = TOO_LARGE.has(error.code) ? "SOPS_TOO_LARGE" : "SOPS_BAD_SYNTAX";
    const { details, hints, upstream } = error;
    throw new SopsError(code, error.message, { file, details, hints, upstream, cause: error });
  }
}

const TOO_LARGE: ReadonlySet<string> = new Set(["YAML_TOO_LARGE", "YAML_TOO_DEEP", "YAML_ALIAS_BOMB"]);

function badShape(file: string | undefined, state: string, upstream?: string): SopsError {
  return new SopsError("SOPS_BAD_SYNTAX", `Cannot read ${nameOf(file)}: ${state}`, { file, upstream });
}

/** Turns the nodes of one document into a branch. The parser has bounded depth and aliases. */
class DocumentReader {
  readonly #file: string | undefined;

  constructor(file: string | undefined) {
    this.#file = file;
  }

  read({ head, line, foot, root }: YamlDocument): Branch {
    const items: (Entry | Comment)[] = [];
    addComments(items, head);
    addComments(items, line);
    if (root !== undefined) this.#root(root, items);
    addComments(items, foot);
    return { kind: "branch", items };
  }

  #root(root: YamlNode, items: (Entry | Comment)[]): void {
    const node = root.kind === "alias" ? root.target : root;
    if (node.kind === "mapping") {
      this.#mapping(node, items);
    } else if (node.kind === "scalar" && node.tag === "!!null") {
      addComments(items, node.head);
      addComments(items, node.line);
      addComments(items, node.foot);
    } else {
      const what = node.kind === "sequence" ? "list" : "single value";
      throw badShape(
        this.#file,
        `line ${node.at?.line ?? 1}: the document is a ${what}; SOPS needs a mapping at the top`,
      );
    }
  }

  #mapping(node: MappingNode, items: (Entry | Comment)[]): void {
    addComments(items, node.head);
    addComments(items, node.line);
    for (const { key, value } of node.entries) {
      addComments(items, key.head);
      addComments(items, key.line);
      const isLeaf = value.kind === "scalar" || value.kind === "alias";
      // Inside an empty mapping a comment would be lost: the original prints it there and does not find it again.
      const isEmptyMapping = value.kind === "mapping" && value.entries.length === 0;
      if (isLeaf || isEmptyMapping) {
        addComments(items, value.head);
        addComments(items, value.line, isLeaf);
      }
      const taken = isEmptyMapping ? "comments taken" : "own comments inside";
      items.push({ kind: "entry", key: this.#key(key), value: this.#value(value, taken) });
      if (isLeaf || isEmptyMapping) addComments(items, value.foot);
      addComments(items, key.foot);
    }
    addComments(items, node.foot);
  }

  #sequence(node: SequenceNode, items: (Node | Comment)[]): void {
    for (const item of node.items) {
      addComments(items, item.head);
      addComments(items, item.line, true);
      items.push(this.#value(item, "comments taken"));
      addComments(items, item.foot);
    }
  }

  #value(node: YamlNode, comments: "own comments inside" | "comments taken" = "own comments inside"): Node {
    switch (node.kind) {
      case "scalar":
        return this.#scalar(node);
      case "alias":
        return this.#value(node.target, "comments taken");
      case "mapping": {
        const items: (Entry | Comment)[] = [];
        this.#mapping(comments === "comments taken" ? { ...node, head: "", line: "", foot: "" } : node, items);
        return { kind: "branch", items };
      }
      case "sequence": {
        const items: List["items"] = [];
        if (comments === "own comments inside") {
          addComments(items, node.head);
          addComments(items, node.line);
        }
        this.#sequence(node, items);
        if (comments === "own comments inside") addComments(items, node.foot);
        return { kind: "list", items };
      }
    }
  }

  #scalar(node: ScalarNode): Leaf {
    if (node.tag === "!!str") return node.value;
    const resolved = resolveTagged(node.tag, node.value, "v3");
    if (resolved === undefined) throw this.#badValue(node, `it does not fit its tag ${node.tag}`, "SOPS_BAD_SYNTAX");
    switch (resolved.tag) {
      case "!!int": {
        const value = BigInt(resolved.value);
        if (fitsInt64(value)) return value;
        const upstream = "Error walking tree: Cannot walk value, unknown type: uint64";
        throw this.#badValue(
          node,
          "the integer is larger than 64 bits with a sign can hold",
          "SOPS_BAD_VALUE",
          upstream,
        );
      }
      case "!!timestamp":
        return timeValue(resolved.value, node.value);
      case "!!binary": {
        const { bytes } = decodeBase64Go(resolved.value);
        if (bytes === undefined) throw this.#badValue(node, "it is not base64, as its tag says", "SOPS_BAD_SYNTAX");
        return textLeaf(Buffer.from(bytes));
      }
      default:
        return resolved.value;
    }
  }

  #key(node: YamlNode): string {
    const key = node.kind === "alias" ? node.target : node;
    if (key.kind !== "scalar") {
      throw badShape(this.#file, `line ${key.at?.line ?? 1}: a key is a ${key.kind}; SOPS needs text there`);
    }
    if (key.tag === "!!str" || key.tag === "!!merge") return key.value;
    const resolved = resolveTagged(key.tag, key.value, "v3");
    if (resolved?.tag === "!!str" || resolved?.tag === "!!merge") return key.value;
    const state = `the key ${JSON.stringify(key.value)} is ${KEY_TYPES.get(key.tag) ?? "no text"}; SOPS needs text there`;
    throw this.#badValue(key, state, "SOPS_BAD_VALUE", undefined, [
      `put it in quotes: ${JSON.stringify(key.value)}: …`,
    ]);
  }

  #badValue(
    node: YamlNode,
    state: string,
    code: "SOPS_BAD_VALUE" | "SOPS_BAD_SYNTAX",
    upstream?: string,
    hints: readonly string[] = [],
  ): SopsError {
    const place = node.at === undefined ? "" : `line ${node.at.line}, column ${node.at.column}: `;
    return new SopsError(code, `Cannot read ${nameOf(this.#file)}: ${place}${state}`, {
      file: this.#file,
      upstream,
      hints,
    });
  }
}

const KEY_TYPES: ReadonlyMap<string, string> = new Map([
  ["!!int", "an integer"],
  ["!!float", "a number"],
  ["!!bool", "a boolean"],
  ["!!null", "null"],
  ["!!timestamp", "a date"],
]);

/** One comment for each line; blank lines between them are lost. */
function addComments(items: { push(comment: Comment): unknown }, text: string, inline = false): void {
  if (text === "") return;
  for (const line of text.split("\n")) {
    if (line !== "") items.push({ kind: "comment", text: line.slice(1), inline });
  }
}
