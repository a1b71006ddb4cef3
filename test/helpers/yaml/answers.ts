import {
  formatGoFloat,
  formatJsonNumber,
  formatTimestamp,
  jsonValue,
  mappingNode,
  parseJson,
  parseYaml,
  printJson,
  printSigs,
  printV3,
  printV3Node,
  type Resolved,
  readManifests,
  resolveText,
  sequenceNode,
  stringNode,
  type YamlDocument,
  YamlError,
  type YamlNode,
} from "../../../src/yaml/index.ts";

/** A question to the Go libraries; see `test/peers/yaml-oracle/main.go`. */
export interface YamlRequest {
  readonly op: string;
  readonly text?: string;
  readonly base64?: string;
  readonly indent?: number;
}

export interface YamlAnswer {
  readonly out?: unknown;
  readonly error?: string;
}

/** Our answer to the same question, in the same shape. */
export function ourAnswer(request: YamlRequest): YamlAnswer {
  const input = request.base64 === undefined ? (request.text ?? "") : Buffer.from(request.base64, "base64");
  try {
    return { out: respond(request, input) };
  } catch (error) {
    if (error instanceof YamlError) return { error: error.upstream ?? `(ours) ${error.message}` };
    throw error;
  }
}

function respond(request: YamlRequest, input: string | Uint8Array): unknown {
  const text = typeof input === "string" ? input : "";
  switch (request.op) {
    case "v3-nodes":
      return parseYaml(input, { mode: "lenient" }).documents.map(dumpDocument);
    case "v3-print":
      return printV3(parseYaml(input, { mode: "lenient" }).documents, { indent: request.indent ?? 4 });
    case "v3-value":
      return describe(resolveText(text, "v3"));
    case "v3-string":
      return printString(text, request.indent ?? 4);
    case "sigs-json":
      return printJson(firstValue(input), { sortKeys: true });
    case "sigs-text":
      return readText(input);
    case "sigs-print":
    case "sigs-marshal":
      return printSigs(jsonValue(parseJson(input)));
    case "go-json":
      return printJson(jsonValue(parseJson(input)), { sortKeys: true, indent: "  " });
    case "go-float":
      return [formatGoFloat(Number(text)), formatGoFloat(Number(text), 32), formatJsonNumber(Number(text))];
    default:
      throw new RangeError(`unknown op ${request.op}`);
  }
}

/** The Go call reads the first document only; an empty text is null. */
function firstValue(input: string | Uint8Array): unknown {
  const { manifests } = readManifests(input, { mode: "lenient", firstOnly: true });
  const first = manifests[0];
  return first?.document === 0 ? first.value : null;
}

function readText(input: string | Uint8Array): unknown {
  const { manifests } = readManifests(input, {
    mode: "lenient",
    firstOnly: true,
    isText: (path) => path.length === 1 && path[0] === "v",
  });
  const value = manifests[0]?.value;
  const field = typeof value === "object" && value !== null && !Array.isArray(value) ? value["v"] : null;
  return field ?? "";
}

function printString(text: string, indent: number): string {
  const list = sequenceNode([stringNode(text)]);
  const inner = mappingNode([
    { key: stringNode(text), value: stringNode(text) },
    { key: stringNode("list"), value: list },
  ]);
  return printV3Node(mappingNode([{ key: stringNode("map"), value: inner }]), { indent });
}

function describe(resolved: Resolved): string {
  switch (resolved.tag) {
    case "!!null":
      return "!!null null";
    case "!!int":
      return `!!int int ${resolved.value}`;
    case "!!float":
      return `!!float float ${formatGoFloat(resolved.value)}`;
    case "!!bool":
      return `!!bool bool ${resolved.value}`;
    case "!!timestamp":
      return `!!timestamp time ${formatTimestamp(resolved.value)}`;
    default:
      return `${resolved.tag} string ${resolved.value}`;
  }
}

type Dumped = Record<string, unknown>;

function dumpDocument(document: YamlDocument): Dumped {
  const root: YamlNode | undefined = document.root;
  return filled({
    kind: "document",
    head: document.head,
    foot: document.foot,
    content: root === undefined ? undefined : [dumpNode(root)],
  });
}

function dumpNode(node: YamlNode): Dumped {
  const content =
    node.kind === "mapping"
      ? node.entries.flatMap(({ key, value }) => [dumpNode(key), dumpNode(value)])
      : node.kind === "sequence"
        ? node.items.map(dumpNode)
        : [];
  return filled({
    kind: node.kind,
    tag: node.tag,
    explicit: node.explicitTag === true,
    style: node.style === "plain" ? "" : node.style,
    value: node.kind === "scalar" ? node.value : node.kind === "alias" ? node.name : "",
    anchor: node.anchor,
    head: node.head,
    line: node.line,
    foot: node.foot,
    at: node.at === undefined ? "" : `${node.at.line}:${node.at.column}`,
    content: content.length === 0 ? undefined : content,
  });
}

function filled(record: Dumped): Dumped {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined && value !== "" && value !== false),
  );
}

/** Tags and values of all nodes of a text in order, or undefined when it cannot be read. */
export function valuesOf(text: string): string[] | undefined {
  const found: string[] = [];
  const walk = (node: YamlNode | undefined): void => {
    if (node === undefined || (node.kind === "scalar" && node.tag === "!!null")) found.push("null");
    else if (node.kind === "scalar") found.push(`${node.tag} ${node.value}`);
    else if (node.kind === "alias") found.push(`*${node.name}`);
    else if (node.kind === "sequence") {
      found.push("[");
      node.items.forEach(walk);
    } else {
      found.push("{");
      for (const { key, value } of node.entries) {
        walk(key);
        walk(value);
      }
    }
  };
  try {
    for (const { root } of parseYaml(text, { mode: "lenient" }).documents) walk(root);
    return found;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}
