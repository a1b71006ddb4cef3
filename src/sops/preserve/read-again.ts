import { isSameNode } from "../merge/same-node.ts";
import type { Branch, Node } from "../values/value.ts";

/**
 * Whether documents are what a reader makes of the text of others. A float without a fraction is printed without one, as
 * the original does, and reads as an integer; their plaintexts and so the MAC are the same.
 */
export function readsAs(read: readonly Branch[], meant: readonly Branch[]): boolean {
  return (
    read.length === meant.length &&
    read.every((document, at) => {
      const other = meant[at];
      return other !== undefined && isSameNode(withoutFloats(document), withoutFloats(other));
    })
  );
}

function withoutFloats(node: Node): Node {
  if (typeof node === "number") return Number.isInteger(node) ? BigInt(node) : node;
  if (typeof node !== "object" || node === null) return node;
  if (node.kind === "branch") {
    return {
      kind: "branch",
      items: node.items.map((item) => (item.kind === "entry" ? { ...item, value: withoutFloats(item.value) } : item)),
    };
  }
  if (node.kind !== "list") return node;
  return {
    kind: "list",
    items: node.items.map((item) =>
      typeof item === "object" && item !== null && item.kind === "comment" ? item : withoutFloats(item),
    ),
  };
}
