import type { JsonNode } from "../json-reader.ts";
import type { TextNode } from "./text-node.ts";

/** Where everything stands in the text of a JSON value. `shift` is taken off every offset of the nodes. */
export function jsonTextNode(text: string, root: JsonNode, shift: number): TextNode {
  const start = root.at - shift;
  const common = { start, repeatedAt: undefined, hasProperties: false };
  switch (root.kind) {
    case "object": {
      const entries = root.members.map(({ key, at, value }) => ({
        key,
        keyStart: at - shift,
        keyEnd: behindString(text, at - shift),
        value: jsonTextNode(text, value, shift),
      }));
      const end = behindBracket(text, entries.at(-1)?.value.end ?? start + 1);
      return { kind: "mapping", isFlow: true, entries, end, ...common };
    }
    case "array": {
      const items = root.items.map((item) => jsonTextNode(text, item, shift));
      const end = behindBracket(text, items.at(-1)?.end ?? start + 1);
      return { kind: "sequence", items, end, ...common };
    }
    case "string":
      return { kind: "scalar", style: "double", end: behindString(text, start), ...common };
    case "number":
      return { kind: "scalar", style: "plain", end: start + root.text.length, ...common };
    case "boolean":
      return { kind: "scalar", style: "plain", end: start + String(root.value).length, ...common };
    case "null":
      return { kind: "scalar", style: "plain", end: start + "null".length, ...common };
  }
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
