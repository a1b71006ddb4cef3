import type { ClearText } from "../../clear-text.ts";
import type { PathStep } from "../files/extract.ts";
import { type Branch, type Comment, type Entry, isComment, type List, type Node } from "../values/value.ts";
import { compareTokens, type TokenMaker } from "./value-token.ts";

export type ChangeKind = "added" | "removed" | "changed" | "type changed" | "unknown" | "comments changed";

/** One difference. Values are there only when they were asked for. */
export interface Difference {
  readonly change: ChangeKind;
  /** 0-based, for files with several documents. */
  readonly document: number;
  readonly path: readonly PathStep[];
  /** `str`, `mapping`, …; absent where there was nothing before or is nothing now. */
  readonly typeBefore?: string | undefined;
  readonly typeAfter?: string | undefined;
  readonly before?: ClearText | undefined;
  readonly after?: ClearText | undefined;
}

/** One side: its documents, and whether they were decrypted. */
export interface Side {
  readonly documents: readonly Branch[];
  readonly isOpened: boolean;
}

/**
 * What differs between two files, in the order of the first and then of what only the second has. Mappings are compared
 * by key, lists by position. What was added or removed with all below it is one difference.
 */
export function compareTrees(before: Side, after: Side, tokens: TokenMaker): Difference[] {
  return new Comparison(before, after, tokens).run();
}

class Comparison {
  readonly #before: Side;
  readonly #after: Side;
  readonly #tokens: TokenMaker;
  readonly #found: Difference[] = [];
  readonly #path: PathStep[] = [];
  #document = 0;

  constructor(before: Side, after: Side, tokens: TokenMaker) {
    this.#before = before;
    this.#after = after;
    this.#tokens = tokens;
  }

  run(): Difference[] {
    const count = Math.max(this.#before.documents.length, this.#after.documents.length);
    for (this.#document = 0; this.#document < count; this.#document++) {
      this.#pair(this.#before.documents[this.#document], this.#after.documents[this.#document]);
    }
    return this.#found;
  }

  #pair(before: Node | undefined, after: Node | undefined): void {
    if (before === undefined || after === undefined) {
      if (before !== undefined) this.#add("removed", before, undefined);
      if (after !== undefined) this.#add("added", undefined, after);
    } else if (isKind(before, "branch") && isKind(after, "branch")) {
      this.#branches(before, after);
    } else if (isKind(before, "list") && isKind(after, "list")) {
      this.#lists(before, after);
    } else {
      this.#values(before, after);
    }
  }

  #branches(before: Branch, after: Branch): void {
    this.#comments(before, after);
    const [left, right] = [byKey(before), byKey(after)];
    for (const [key, values] of left) {
      const others = right.get(key) ?? [];
      const count = Math.max(values.length, others.length);
      for (let at = 0; at < count; at++) this.#step(key, values[at], others[at]);
    }
    for (const [key, values] of right) {
      if (!left.has(key)) for (const value of values) this.#step(key, undefined, value);
    }
  }

  #lists(before: List, after: List): void {
    this.#comments(before, after);
    const [left, right] = [itemsOf(before), itemsOf(after)];
    const count = Math.max(left.length, right.length);
    for (let at = 0; at < count; at++) this.#step(at, left[at], right[at]);
  }

  #step(step: PathStep, before: Node | undefined, after: Node | undefined): void {
    this.#path.push(step);
    this.#pair(before, after);
    this.#path.pop();
  }

  #values(before: Node, after: Node): void {
    const [one, other] = [this.#tokenOf(before, this.#before), this.#tokenOf(after, this.#after)];
    if (one === undefined || other === undefined) {
      this.#add("type changed", before, after);
      return;
    }
    const sameness = compareTokens(one, other);
    if (sameness !== "same") this.#add(sameness, before, after);
  }

  /** Undefined for mappings and lists. */
  #tokenOf(node: Node, { isOpened }: Side) {
    return isKind(node, "branch") || isKind(node, "list") ? undefined : this.#tokens.tokenOf(node, isOpened);
  }

  #comments(before: Branch | List, after: Branch | List): void {
    const [left, right] = [commentsOf(before), commentsOf(after)];
    const states = left.map(({ text }, at) => {
      const other = right[at];
      if (other === undefined) return "changed";
      return compareTokens(
        this.#tokens.tokenOf(text, this.#before.isOpened),
        this.#tokens.tokenOf(other.text, this.#after.isOpened),
      );
    });
    if (left.length !== right.length || states.some((state) => state !== "same" && state !== "unknown")) {
      this.#add("comments changed", undefined, undefined);
    }
  }

  #add(change: ChangeKind, before: Node | undefined, after: Node | undefined): void {
    const [one, other] = [this.#describe(before, this.#before), this.#describe(after, this.#after)];
    this.#found.push({
      change,
      document: this.#document,
      path: [...this.#path],
      typeBefore: one?.type,
      typeAfter: other?.type,
      before: one?.shown,
      after: other?.shown,
    });
  }

  #describe(node: Node | undefined, side: Side): { type: string; shown: ClearText | undefined } | undefined {
    if (node === undefined) return undefined;
    if (isKind(node, "branch")) return { type: "mapping", shown: undefined };
    if (isKind(node, "list")) return { type: "list", shown: undefined };
    const token = this.#tokens.tokenOf(node, side.isOpened);
    return { type: token.type, shown: token.kind === "open" ? token.shown : undefined };
  }
}

function isKind<Kind extends "branch" | "list">(node: Node, kind: Kind): node is Extract<Node, { kind: Kind }> {
  return typeof node === "object" && node !== null && node.kind === kind;
}

function byKey({ items }: Branch): Map<string, Node[]> {
  const found = new Map<string, Node[]>();
  for (const { key, value } of items.filter((item): item is Entry => item.kind === "entry")) {
    const values = found.get(key);
    if (values === undefined) found.set(key, [value]);
    else values.push(value);
  }
  return found;
}

function itemsOf({ items }: List): Node[] {
  return items.filter((item): item is Node => !isComment(item));
}

function commentsOf({ items }: Branch | List): Comment[] {
  return items.flatMap((item): Comment[] => (isComment(item) ? [item] : []));
}
