import type { PathStep } from "../files/extract.ts";
import { append } from "../values/append.ts";
import { type Branch, type Comment, type Entry, isComment, type List, type Node } from "../values/value.ts";
import { isSameNode } from "./same-node.ts";

/** A place that both sides changed, each in its own way. */
export interface TreeConflict {
  /** 0-based. */
  readonly document: number;
  readonly path: readonly PathStep[];
  /** What the two sides disagree about there. */
  readonly about: "value" | "comments" | "documents";
}

export interface MergedTrees {
  /** The merge with our side of every conflict, and with theirs. Equal when there is none. */
  readonly ours: readonly Branch[];
  readonly theirs: readonly Branch[];
  readonly conflicts: readonly TreeConflict[];
}

/** Three versions of one thing; undefined where a version has none. */
interface Versions<T> {
  readonly base: T;
  readonly ours: T;
  readonly theirs: T;
}

/** The result with our side of each conflict, and with theirs. */
interface Both<T> {
  readonly ours: T;
  readonly theirs: T;
}

/**
 * Merges documents in clear by path. What one side changed is taken; mappings are merged key by key, lists item by item
 * where all three are of one length. Comments go with the entry or item that follows them. Nothing is guessed: what both
 * sides changed differently is a conflict. The versions are left as they are.
 */
export function mergeTrees(versions: Versions<readonly Branch[]>): MergedTrees {
  return new Merge({ hasBase: true, prefer: () => undefined }).documents(versions);
}

/** Settles differences between two versions: `prefer` says whose side of a path is taken, undefined to leave it open. */
export function settleTrees(ours: readonly Branch[], theirs: readonly Branch[], prefer: Prefer): MergedTrees {
  return new Merge({ hasBase: false, prefer }).documents({ base: ours, ours, theirs });
}

export type Prefer = (path: readonly PathStep[]) => "ours" | "theirs" | undefined;

class Merge {
  readonly #hasBase: boolean;
  readonly #prefer: Prefer;
  readonly #conflicts: TreeConflict[] = [];
  readonly #path: PathStep[] = [];
  #document = 0;

  constructor({ hasBase, prefer }: { hasBase: boolean; prefer: Prefer }) {
    this.#hasBase = hasBase;
    this.#prefer = prefer;
  }

  documents({ base, ours, theirs }: Versions<readonly Branch[]>): MergedTrees {
    if (ours.length !== theirs.length || (base.length !== ours.length && base.length !== 0)) {
      const chosen = this.#choose({ base, ours, theirs }, areSameDocuments);
      if (chosen !== undefined) return { ours: chosen.value, theirs: chosen.value, conflicts: [] };
      const preferred = this.#prefer([]);
      if (preferred !== undefined) {
        const value = preferred === "ours" ? ours : theirs;
        return { ours: value, theirs: value, conflicts: [] };
      }
      return { ours, theirs, conflicts: [{ document: 0, path: [], about: "documents" }] };
    }
    const results: Both<Branch[]> = { ours: [], theirs: [] };
    for (const [index, document] of ours.entries()) {
      this.#document = index;
      const other = theirs[index] ?? EMPTY;
      const merged = this.#branch({ base: base[index] ?? EMPTY, ours: document, theirs: other });
      results.ours.push(merged.ours);
      results.theirs.push(merged.theirs);
    }
    return { ...results, conflicts: this.#conflicts };
  }

  #node({ base, ours, theirs }: Versions<Node | undefined>): Both<Node | undefined> {
    const chosen = this.#choose({ base, ours, theirs }, isSameNode);
    if (chosen !== undefined) return both(chosen.value);
    if (isKind(ours, "branch") && isKind(theirs, "branch") && (base === undefined || isKind(base, "branch"))) {
      return this.#branch({ base: base ?? EMPTY, ours, theirs });
    }
    if (isKind(ours, "list") && isKind(theirs, "list") && isKind(base, "list")) {
      const merged = this.#list({ base, ours, theirs });
      if (merged !== undefined) return merged;
    }
    return this.#conflict<Node | undefined>("value", { ours, theirs });
  }

  #branch({ base, ours, theirs }: Versions<Branch>): Both<Branch> {
    const slots = { base: slotsOf(base), ours: slotsOf(ours), theirs: slotsOf(theirs) };
    if (Object.values(slots).some(({ hasRepeatedKeys }) => hasRepeatedKeys)) {
      const chosen = this.#choose({ base, ours, theirs }, isSameNode);
      if (chosen !== undefined && isKind(chosen.value, "branch")) return both(chosen.value);
      return this.#conflict("value", { ours, theirs });
    }
    const results: Both<Branch> = { ours: { kind: "branch", items: [] }, theirs: { kind: "branch", items: [] } };
    for (const key of this.#order(slots)) this.#slot(key, slots, results);
    const tail = this.#comments({ base: slots.base.tail, ours: slots.ours.tail, theirs: slots.theirs.tail });
    append(results.ours.items, tail.ours);
    append(results.theirs.items, tail.theirs);
    return results;
  }

  #slot(key: string, { base, ours, theirs }: Versions<Slots>, results: Both<Branch>): void {
    const slots = { base: base.byKey.get(key), ours: ours.byKey.get(key), theirs: theirs.byKey.get(key) };
    this.#path.push(key);
    const value = this.#node({ base: slots.base?.value, ours: slots.ours?.value, theirs: slots.theirs?.value });
    const isOnBoth = slots.ours !== undefined && slots.theirs !== undefined;
    const left = slots.ours?.comments ?? slots.theirs?.comments ?? [];
    const right = slots.theirs?.comments ?? slots.ours?.comments ?? [];
    const comments = isOnBoth
      ? this.#comments({ base: slots.base?.comments ?? [], ours: left, theirs: right })
      : { ours: left, theirs: right };
    this.#path.pop();
    if (value.ours !== undefined) append(results.ours.items, [...comments.ours, entry(key, value.ours)]);
    if (value.theirs !== undefined) append(results.theirs.items, [...comments.theirs, entry(key, value.theirs)]);
  }

  /** Our order, or theirs when only theirs moved keys; the keys that only the other has go behind their neighbours. */
  #order({ base, ours, theirs }: Versions<Slots>): string[] {
    const isTheirs = isReordered(base.keys, theirs.keys) && !isReordered(base.keys, ours.keys);
    const [leader, other] = isTheirs ? [theirs, ours] : [ours, theirs];
    const known = new Set(leader.keys);
    const first: string[] = [];
    const behind = new Map<string, string[]>();
    let followers = first;
    for (const key of other.keys) {
      if (known.has(key)) {
        followers = [];
        behind.set(key, followers);
      } else followers.push(key);
    }
    return [...first, ...leader.keys.flatMap((key) => [key, ...(behind.get(key) ?? [])])];
  }

  #list({ base, ours, theirs }: Versions<List>): Both<List> | undefined {
    const slots = { base: itemSlots(base), ours: itemSlots(ours), theirs: itemSlots(theirs) };
    const { length } = slots.base.items;
    if (slots.ours.items.length !== length || slots.theirs.items.length !== length) return undefined;
    const results: Both<List> = { ours: { kind: "list", items: [] }, theirs: { kind: "list", items: [] } };
    for (let at = 0; at < length; at++) {
      const versions = { base: slots.base.items[at], ours: slots.ours.items[at], theirs: slots.theirs.items[at] };
      if (versions.base === undefined || versions.ours === undefined || versions.theirs === undefined) continue;
      this.#path.push(at);
      const value = this.#node({
        base: versions.base.value,
        ours: versions.ours.value,
        theirs: versions.theirs.value,
      });
      const comments = this.#comments({
        base: versions.base.comments,
        ours: versions.ours.comments,
        theirs: versions.theirs.comments,
      });
      this.#path.pop();
      if (value.ours !== undefined) append(results.ours.items, [...comments.ours, value.ours]);
      if (value.theirs !== undefined) append(results.theirs.items, [...comments.theirs, value.theirs]);
    }
    const tail = this.#comments({ base: slots.base.tail, ours: slots.ours.tail, theirs: slots.theirs.tail });
    append(results.ours.items, tail.ours);
    append(results.theirs.items, tail.theirs);
    return results;
  }

  #comments(versions: Versions<readonly Comment[]>): Both<readonly Comment[]> {
    const chosen = this.#choose(versions, areSameComments);
    if (chosen !== undefined) return both(chosen.value);
    return this.#conflict("comments", versions);
  }

  /** Both sides as they are, unless it is settled whose is taken. */
  #conflict<T>(about: TreeConflict["about"], { ours, theirs }: Both<T>): Both<T> {
    const preferred = this.#prefer(this.#path);
    if (preferred !== undefined) return both(preferred === "ours" ? ours : theirs);
    this.#conflicts.push({ document: this.#document, path: [...this.#path], about });
    return { ours, theirs };
  }

  /** The version that both sides agree on, or that one side alone made. */
  #choose<T>(
    { base, ours, theirs }: Versions<T>,
    isSame: (one: T, other: T) => boolean,
  ): { readonly value: T } | undefined {
    if (isSame(ours, theirs)) return { value: ours };
    if (!this.#hasBase) return undefined;
    if (isSame(base, theirs)) return { value: ours };
    return isSame(base, ours) ? { value: theirs } : undefined;
  }
}

const EMPTY: Branch = { kind: "branch", items: [] };

function both<T>(value: T): Both<T> {
  return { ours: value, theirs: value };
}

/** A mapping as values with the comments above or behind them. */
interface Slots {
  readonly keys: readonly string[];
  readonly byKey: ReadonlyMap<string, { readonly value: Node; readonly comments: readonly Comment[] }>;
  /** Comments below the last entry. */
  readonly tail: readonly Comment[];
  readonly hasRepeatedKeys: boolean;
}

function slotsOf({ items }: Branch): Slots {
  const byKey = new Map<string, { value: Node; comments: Comment[] }>();
  const keys: string[] = [];
  let waiting: Comment[] = [];
  for (const item of items) {
    if (item.kind === "comment") {
      waiting.push(item);
      continue;
    }
    keys.push(item.key);
    byKey.set(item.key, { value: item.value, comments: waiting });
    waiting = [];
  }
  return { keys, byKey, tail: waiting, hasRepeatedKeys: byKey.size !== keys.length };
}

function itemSlots({ items }: List) {
  const slots: { value: Node; comments: Comment[] }[] = [];
  let waiting: Comment[] = [];
  for (const item of items) {
    if (isComment(item)) {
      waiting.push(item);
    } else {
      slots.push({ value: item, comments: waiting });
      waiting = [];
    }
  }
  return { items: slots, tail: waiting };
}

/** Whether keys that both have stand in another order. */
function isReordered(before: readonly string[], after: readonly string[]): boolean {
  const [left, right] = [new Set(before), new Set(after)];
  const counterpart = after.filter((key) => left.has(key));
  return before.filter((key) => right.has(key)).some((key, at) => counterpart[at] !== key);
}

function entry(key: string, value: Node): Entry {
  return { kind: "entry", key, value };
}

function isKind<Kind extends "branch" | "list">(
  node: Node | undefined,
  kind: Kind,
): node is Extract<Node, { kind: Kind }> {
  return typeof node === "object" && node !== null && node.kind === kind;
}

function areSameComments(one: readonly Comment[], other: readonly Comment[]): boolean {
  return one.length === other.length && one.every(({ text }, at) => text === other[at]?.text);
}

function areSameDocuments(one: readonly Branch[], other: readonly Branch[]): boolean {
  return one.length === other.length && one.every((document, at) => isSameNode(document, other[at]));
}
