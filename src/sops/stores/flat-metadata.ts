import { nameOf, SopsError } from "../errors.ts";
import { SOPS_LIMITS } from "../limits.ts";
import type { Branch, Entry, List, Node } from "../values/value.ts";
import { isComplex } from "./flat-value.ts";

const MAP_STEP = "__map_";
const LIST_STEP = "__list_";

/**
 * Metadata as names and texts, in their order: a step into a mapping is `__map_KEY`, into a list `__list_INDEX`. Empty
 * lists and mappings have no line. Texts keep their line breaks.
 */
export function flattenMetadata({ items }: Branch): (readonly [name: string, text: string])[] {
  const lines: (readonly [string, string])[] = [];
  const walk = (node: Node, name: string): void => {
    if (!isComplex(node)) {
      lines.push([name, String(node)]);
    } else if (node.kind === "branch") {
      for (const item of node.items) if (item.kind === "entry") walk(item.value, `${name}${MAP_STEP}${item.key}`);
    } else {
      for (const [index, item] of node.items.entries()) walk(nodeOf(item), `${name}${LIST_STEP}${index}`);
    }
  };
  for (const item of items) if (item.kind === "entry") walk(item.value, item.key);
  return lines;
}

function nodeOf(item: List["items"][number]): Node {
  return typeof item === "object" && item !== null && item.kind === "comment" ? item.text : item;
}

/** A mapping or list that is being put together. */
interface Parts {
  readonly kind: "map" | "list";
  readonly items: Map<string, Parts | string>;
}

/** Deepest path in metadata, twice what the original writes. */
const MAX_STEPS = 12;

/**
 * Puts flattened metadata together again. Texts stay texts.
 *
 * @throws {SopsError} `SOPS_BAD_METADATA` for names that contradict each other or lists with gaps, `SOPS_TOO_LARGE`.
 */
export function unflattenMetadata(
  lines: readonly (readonly [name: string, text: string])[],
  file: string | undefined,
): Branch {
  const root: Parts = { kind: "map", items: new Map() };
  for (const [name, text] of lines) place(root, name, text, file);
  return branchOf(root, file);
}

function place(root: Parts, name: string, text: string, file: string | undefined): void {
  const [first = "", ...rest] = name.split(/__(map|list)_/);
  if (rest.length / 2 > MAX_STEPS) throw bad(name, `has more than ${MAX_STEPS} steps`, file);
  let parts = root;
  let key = first;
  for (let at = 0; at < rest.length; at += 2) {
    const kind = rest[at] === "list" ? "list" : "map";
    const next = parts.items.get(key) ?? { kind, items: new Map() };
    if (typeof next === "string" || next.kind !== kind) throw bad(name, "contradicts another line", file, MISMATCH);
    parts.items.set(key, next);
    parts = next;
    key = rest[at + 1] ?? "";
    if (kind === "list" && !/^(0|[1-9]\d{0,5})$/.test(key)) throw bad(name, "has no number for its list", file);
  }
  const before = parts.items.get(key);
  if (typeof before === "object") throw bad(name, "contradicts another line", file, MISMATCH);
  if (before !== undefined) throw bad(name, "is there twice", file, "Duplicate value");
  parts.items.set(key, text);
}

const MISMATCH = "Type mismatch";

function branchOf({ items }: Parts, file: string | undefined): Branch {
  const entries = [...items].map(([key, value]): Entry => ({ kind: "entry", key, value: builtNode(value, key, file) }));
  return { kind: "branch", items: entries };
}

function builtNode(value: Parts | string, name: string, file: string | undefined): Node {
  if (typeof value === "string") return value;
  if (value.kind === "map") return branchOf(value, file);
  if (value.items.size > SOPS_LIMITS.maxMasterKeys) {
    throw new SopsError("SOPS_TOO_LARGE", `Cannot read the metadata of ${nameOf(file)}: a list is too long`, {
      file,
      details: [`more than ${SOPS_LIMITS.maxMasterKeys} items in "${name}"`],
    });
  }
  const list = Array.from({ length: value.items.size }, (_, index) => {
    const item = value.items.get(String(index));
    if (item === undefined) throw bad(name, `has no item ${index} in its list`, file, "Incomplete list");
    return builtNode(item, name, file);
  });
  return { kind: "list", items: list };
}

function bad(name: string, state: string, file: string | undefined, reason?: string): SopsError {
  return new SopsError(
    "SOPS_BAD_METADATA",
    `Cannot read the metadata of ${nameOf(file)}: ${JSON.stringify(name)} ${state}`,
    {
      file,
      path: ["sops", name],
      upstream: reason === undefined ? undefined : `Error while unflattening: ${reason}`,
      hints: ["take the file from version control again: metadata is not meant to be edited"],
    },
  );
}
