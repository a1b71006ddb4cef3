import { nameOf, SopsError } from "./errors.ts";
import type { Node } from "./value.ts";

/** The value of a key, undefined for what is no mapping or has no such key. */
export function childOf(node: Node | undefined, key: string): Node | undefined {
  if (typeof node !== "object" || node === null || node.kind !== "branch") return undefined;
  for (const item of node.items) if (item.kind === "entry" && item.key === key) return item.value;
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
