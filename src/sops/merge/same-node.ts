import { type Comment, type Entry, isComment, type Node } from "../values/value.ts";

/**
 * Whether two values are the same: types, order of keys and comments included, except whether a comment stands behind its
 * value, which decryption forgets. Undefined is the same as undefined only. Depth is that of files that were read.
 */
export function isSameNode(one: Node | undefined, other: Node | undefined): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return Object.is(one, other);
  }
  switch (one.kind) {
    case "time":
      return other.kind === "time" && one.text === other.text;
    case "bytes":
      return other.kind === "bytes" && Buffer.compare(one.bytes, other.bytes) === 0;
    case "branch":
      return other.kind === "branch" && areSame(one.items, other.items, isSameItem);
    case "list":
      return other.kind === "list" && areSame(one.items, other.items, isSameListItem);
  }
}

function isSameItem(one: Entry | Comment, other: Entry | Comment): boolean {
  if (one.kind === "comment") return other.kind === "comment" && one.text === other.text;
  return other.kind === "entry" && one.key === other.key && isSameNode(one.value, other.value);
}

function isSameListItem(one: Node | Comment, other: Node | Comment): boolean {
  if (isComment(one)) return isComment(other) && one.text === other.text;
  return !isComment(other) && isSameNode(one, other);
}

function areSame<Item>(
  items: readonly Item[],
  others: readonly Item[],
  isSame: (one: Item, other: Item) => boolean,
): boolean {
  return (
    items.length === others.length &&
    items.every((item, at) => {
      const other = others[at];
      return other !== undefined && isSame(item, other);
    })
  );
}
