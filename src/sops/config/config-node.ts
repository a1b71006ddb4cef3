import { nameOf, SopsError } from "../errors.ts";
import type { Node } from "../values/value.ts";

/** Merge keys inside each other. */
const MAX_MERGE_DEPTH = 20;

/**
 * The value of a key, undefined for what is no mapping or has no such key. What the mapping takes in by a merge key (`<<`)
 * counts where it has no such key itself.
 */
export function childOf(node: Node | undefined, key: string, depth = 0): Node | undefined {
  if (typeof node !== "object" || node === null || node.kind !== "branch" || depth > MAX_MERGE_DEPTH) return undefined;
  for (const item of node.items) if (item.kind === "entry" && item.key === key) return item.value;
  for (const item of node.items) {
    if (item.kind !== "entry" || item.key !== "<<") continue;
    for (const source of itemsOf(item.value) ?? [item.value]) {
      const merged = childOf(source, key, depth + 1);
      if (merged !== undefined) return merged;
    }
  }
  return undefined;
}

/** The items of a list without comments; undefined for what is no list. */
export function itemsOf(node: Node | undefined): readonly Node[] | undefined {
  if (typeof node !== "object" || node === null || node.kind !== "list") return undefined;
  return node.items.filter((item): item is Node => !(typeof item === "object" && item?.kind === "comment"));
}

export function badConfig(file: string, state: string, upstream?: string): SopsError {
  return new SopsError("SOPS_BAD_CONFIG", `Cannot use ${nameOf(file)}: ${state}`, {
    file,
    hints: ["to go without it: --config /dev/null"],
    upstream,
  });
}
