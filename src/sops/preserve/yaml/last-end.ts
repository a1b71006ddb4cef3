import type { YamlNode } from "../../../yaml/index.ts";

/** Where the last scalar below a node ends. */
export function lastEnd(node: YamlNode): number {
  switch (node.kind) {
    case "scalar":
      return node.textEnd ?? node.at?.offset ?? 0;
    case "alias":
      return (node.at?.offset ?? 0) + 1 + node.name.length;
    case "mapping": {
      const last = node.entries.at(-1);
      return last === undefined ? (node.at?.offset ?? 0) : Math.max(lastEnd(last.key), lastEnd(last.value));
    }
    case "sequence": {
      const last = node.items.at(-1);
      return last === undefined ? (node.at?.offset ?? 0) : lastEnd(last);
    }
  }
}
