import type { MappingNode, YamlNode } from "./node.ts";

/** Below this many entries, keys are compared one by one. */
const SMALL_MAPPING = 8;

/** Finds keys that are twice in a mapping: by kind and text as yaml.v3, but in time proportional to their count. */
export class DuplicateKeys {
  private readonly seen = new WeakMap<MappingNode, Map<string, YamlNode>>();

  /** The entry's key in `node` that `key`, which is about to be added, repeats. */
  firstOf(node: MappingNode, key: YamlNode): YamlNode | undefined {
    const { entries } = node;
    if (entries.length < SMALL_MAPPING) {
      for (const entry of entries) {
        if (entry.key.kind === key.kind && keyText(entry.key) === keyText(key)) return entry.key;
      }
      return undefined;
    }
    const known = this.knownOf(node);
    const id = idOf(key);
    const first = known.get(id);
    if (first === undefined) known.set(id, key);
    return first;
  }

  private knownOf(node: MappingNode): Map<string, YamlNode> {
    let known = this.seen.get(node);
    if (known === undefined) {
      known = new Map();
      for (const { key } of node.entries) known.set(idOf(key), key);
      this.seen.set(node, known);
    }
    return known;
  }
}

function idOf(key: YamlNode): string {
  return `${key.kind} ${keyText(key)}`;
}

/** The text by which keys are told apart: a collection has none. */
export function keyText(node: YamlNode): string {
  if (node.kind === "scalar") return node.value;
  return node.kind === "alias" ? node.name : "";
}
