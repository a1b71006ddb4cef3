import { ActiveComments } from "./active-comments.ts";
import type { CompiledSelector } from "./selector.ts";
import { type Branch, type Comment, isComment, type Leaf, type List, type Node } from "./value.ts";

/** Where a leaf stands and what the selector says of it. Reused for every leaf: read it, do not keep it. */
export interface Place {
  /** Keys from the root; list positions do not count. */
  readonly path: readonly string[];
  /** The path as additional data of the cipher: keys, each followed by `:`. */
  readonly additional: string;
  readonly isSelected: boolean;
  readonly isInList: boolean;
}

export interface LeafVisitor {
  /** What to put in the place of a value. A comment is possible inside lists only. */
  value(leaf: Exclude<Leaf, null>, place: Place): Leaf | Comment;
  /** What to put in the place of a comment; a text is possible inside lists only. */
  comment(comment: Comment, place: Place): Comment | string;
}

/**
 * Replaces every leaf and comment of a document, in document order. Nulls, empty mappings and empty lists have nothing to
 * replace. The document is changed in place.
 */
export function replaceLeaves(document: Branch, selector: CompiledSelector, visitor: LeafVisitor): void {
  new Walk(selector, visitor).branch(document, "", false);
}

class Walk implements Place {
  readonly path: string[] = [];
  additional = "";
  isSelected = false;
  isInList = false;

  readonly #selector: CompiledSelector;
  readonly #visitor: LeafVisitor;
  readonly #comments: ActiveComments | undefined;

  constructor(selector: CompiledSelector, visitor: LeafVisitor) {
    this.#selector = selector;
    this.#visitor = visitor;
    this.#comments = selector.by === "comment" ? new ActiveComments(selector) : undefined;
  }

  /** `prefix` is the path of the branch as additional data; `isMatched` whether a key on the way to it matches. */
  branch({ items }: Branch, prefix: string, isMatched: boolean): void {
    this.#comments?.open();
    for (let at = 0; at < items.length; at++) {
      const item = items[at];
      if (item === undefined) continue;
      if (item.kind === "comment") {
        const replaced = this.#comment(item, prefix, isMatched, false);
        if (typeof replaced !== "string") items[at] = replaced;
        continue;
      }
      this.path.push(item.key);
      const isBelowMatch = isMatched || (this.#selector.by === "key" && this.#selector.matches(item.key));
      const replaced = this.#node(item.value, `${prefix}${item.key}:`, isBelowMatch, false);
      if (!isComment(replaced)) item.value = replaced;
      this.path.pop();
      this.#comments?.itemDone();
    }
    this.#comments?.close();
  }

  #list({ items }: List, prefix: string, isMatched: boolean): void {
    this.#comments?.open();
    for (let at = 0; at < items.length; at++) {
      const item = items[at];
      if (item === undefined) continue;
      if (isComment(item)) {
        items[at] = this.#comment(item, prefix, isMatched, true);
      } else {
        items[at] = this.#node(item, prefix, isMatched, true);
        this.#comments?.itemDone();
      }
    }
    this.#comments?.close();
  }

  #node(node: Node, prefix: string, isMatched: boolean, isInList: boolean): Node | Comment {
    if (node === null) return node;
    if (typeof node === "object") {
      if (node.kind === "branch") {
        this.branch(node, prefix, isMatched);
        return node;
      }
      if (node.kind === "list") {
        this.#list(node, prefix, isMatched);
        return node;
      }
    }
    this.#set(prefix, this.#decide(isMatched), isInList);
    return this.#visitor.value(node, this);
  }

  #comment(comment: Comment, prefix: string, isMatched: boolean, isInList: boolean): Comment | string {
    const isSelected = this.#decideComment(comment.text, isMatched);
    // The path of the top is empty, and even an empty path ends with a colon.
    this.#set(prefix === "" ? ":" : prefix, isSelected, isInList);
    return this.#visitor.comment(comment, this);
  }

  /** A comment speaks for itself only to stay clear: to be encrypted, one before it has to match. */
  #decideComment(text: string, isMatched: boolean): boolean {
    if (this.#comments === undefined) return this.#decide(isMatched);
    const isSpokenFor = this.#comments.anyMatches;
    const matchesItself = this.#comments.add(text);
    return this.#selector.encryptsMatches ? isSpokenFor : !isSpokenFor && !matchesItself;
  }

  #decide(isMatched: boolean): boolean {
    const isHit = this.#comments === undefined ? isMatched : this.#comments.anyMatches;
    return isHit === this.#selector.encryptsMatches;
  }

  #set(additional: string, isSelected: boolean, isInList: boolean): void {
    this.additional = additional;
    this.isSelected = isSelected;
    this.isInList = isInList;
  }
}
