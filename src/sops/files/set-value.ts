import { SopsError } from "../errors.ts";
import { readJsonObject } from "../stores/json-read.ts";
import { type Branch, type Comment, type Entry, goTypeOf, isComment, type List, type Node } from "../values/value.ts";
import type { PathStep } from "./extract.ts";

/**
 * Reads a value to set, as the original does: a number at the top is a float, numbers inside an object keep their kind.
 * Undefined for what is no JSON; a list at the top is `"list"`, which the original does not take.
 */
export function readSetValue(json: string): { value: Node } | "list" | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return { value };
  if (typeof value === "number") return Number.isFinite(value) ? { value } : undefined;
  return Array.isArray(value) ? "list" : { value: readJsonObject(json, undefined) };
}

/**
 * Puts a value at a path of a document, in place: mappings and lists on the way are made, a position behind the end of a
 * list appends, and what is neither mapping nor list gives way. Returns whether anything changed.
 *
 * @throws {SopsError} `SOPS_BAD_PATH` for a key into a list, a position into a mapping, or a position below 0.
 */
export function setValue(document: Branch, path: readonly PathStep[], value: Node): boolean {
  let node: Branch | List = document;
  for (const [at, step] of path.entries()) {
    const rest = path.slice(at + 1);
    const slot: Slot = node.kind === "branch" ? inBranch(node, step) : inList(node, step);
    const { current } = slot;
    if (current === undefined) {
      slot.put(nested(rest, value));
      return true;
    }
    if (rest.length > 0 && isContainer(current)) {
      node = current;
      continue;
    }
    const wanted = nested(rest, value);
    if (isSame(current, wanted)) return false;
    slot.put(wanted);
    return true;
  }
  throw badPath("set a value", "the path is empty");
}

/** A place in a mapping or list, `current` undefined when nothing is there yet. */
interface Slot {
  readonly current: Node | undefined;
  put(value: Node): void;
}

function inBranch(branch: Branch, step: PathStep): Slot {
  if (typeof step === "number") throw badPath(`set [${step}]`, "a mapping has keys, not positions");
  const entry = entryOf(branch, step);
  return {
    current: entry?.value,
    put(value) {
      if (entry === undefined) branch.items.push({ kind: "entry", key: step, value });
      else entry.value = value;
    },
  };
}

function inList({ items }: List, step: PathStep): Slot {
  const index = positionOf(step, "set");
  const item = items[index];
  // A comment counts as a position, as with the original; setting it puts the value in its place.
  const current = item !== undefined && isComment(item) ? item.text : item;
  return { current, put: (value) => void (item === undefined ? items.push(value) : items.splice(index, 1, value)) };
}

/** Whether two values are the same, comments and the order of keys included. Depth is that of a file that was read. */
function isSame(one: Node | Comment | Entry, other: Node | Comment | Entry): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return Object.is(one, other);
  }
  if (one.kind === "entry") return other.kind === "entry" && one.key === other.key && isSame(one.value, other.value);
  if (one.kind === "comment") return other.kind === "comment" && one.text === other.text;
  if (one.kind === "time") return other.kind === "time" && one.text === other.text;
  if (one.kind === "bytes") return other.kind === "bytes" && Buffer.compare(one.bytes, other.bytes) === 0;
  const [items, others] = [one.items, other.kind === one.kind ? other.items : []];
  return (
    other.kind === one.kind &&
    items.length === others.length &&
    items.every((item, at) => {
      const counterpart = others[at];
      return counterpart !== undefined && isSame(item, counterpart);
    })
  );
}

/** The mappings and lists that a path asks for, with the value in the innermost. */
function nested(path: readonly PathStep[], value: Node): Node {
  return path.reduceRight<Node>(
    (inner, step) =>
      typeof step === "number"
        ? { kind: "list", items: [inner] }
        : { kind: "branch", items: [{ kind: "entry", key: step, value: inner }] },
    value,
  );
}

/**
 * Removes what is at a path of a document, in place. A mapping or list that gets empty stays.
 *
 * @throws {SopsError} `SOPS_BAD_PATH`, or `SOPS_NOTHING_THERE` when there is no such key or position.
 */
export function unsetValue(document: Branch, path: readonly PathStep[]): void {
  let node: Node = document;
  for (const [at, step] of path.entries()) {
    const isLast = at === path.length - 1;
    if (!isContainer(node)) {
      const upstream = `Unsupported type: ${goTypeOf(node)} for item '${step}'`;
      throw badPath(`unset ${showStep(step)}`, "what is there is neither mapping nor list", upstream);
    }
    const index: number = node.kind === "branch" ? keyIndex(node, step) : listIndex(node, step);
    const item: Node | Entry | Branch["items"][number] | undefined = node.items[index];
    if (isLast) {
      node.items.splice(index, 1);
      return;
    }
    if (item === undefined) return;
    if (isComment(item)) node = item.text;
    else node = typeof item === "object" && item !== null && item.kind === "entry" ? item.value : item;
  }
  throw badPath("unset a value", "the path is empty");
}

function keyIndex({ items }: Branch, step: PathStep): number {
  const index = items.findIndex((item) => item.kind === "entry" && item.key === step);
  if (index >= 0) return index;
  const upstream = `Key not found: ${typeof step === "number" ? `%!s(int=${step})` : step}`;
  throw nothingThere(step, "there is no such key", upstream);
}

function listIndex({ items }: List, step: PathStep): number {
  const index = positionOf(step, "unset");
  if (index < items.length) return index;
  throw nothingThere(step, "the list is shorter", `Index ${index} out of bounds`);
}

function positionOf(step: PathStep, action: string): number {
  if (typeof step !== "number") throw badPath(`${action} ${showStep(step)}`, "a list has positions, not keys");
  if (step < 0) throw badPath(`${action} ${showStep(step)}`, "positions count from 0");
  return step;
}

/** Of keys that are there twice, the first counts. */
function entryOf({ items }: Branch, key: string): Entry | undefined {
  for (const item of items) if (item.kind === "entry" && item.key === key) return item;
  return undefined;
}

function isContainer(node: Node): node is Branch | List {
  return typeof node === "object" && node !== null && (node.kind === "branch" || node.kind === "list");
}

function showStep(step: PathStep): string {
  return `[${JSON.stringify(step)}]`;
}

function badPath(what: string, state: string, upstream?: string): SopsError {
  return new SopsError("SOPS_BAD_PATH", `Cannot ${what}: ${state}`, {
    hints: [`write the path as '["key"][0]["key"]'`],
    upstream,
  });
}

function nothingThere(step: PathStep, state: string, upstream: string): SopsError {
  return new SopsError("SOPS_NOTHING_THERE", `Cannot unset ${showStep(step)}: ${state}`, {
    hints: ["to take that as done: --idempotent"],
    upstream,
  });
}
