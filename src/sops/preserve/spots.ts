import { type Branch, type Comment, isComment, type Leaf, type List } from "../values/value.ts";

/** A value or a comment of a tree, in document order. Trees of one shape have the same spots. */
export type Spot = Leaf | Comment;

/** All values and comments of documents, as walking over them meets them; nulls too, empty mappings and lists not. */
export function spotsOf(documents: readonly Branch[]): Spot[] {
  const spots: Spot[] = [];
  const inside = ({ items }: Branch | List): void => {
    for (const item of items) {
      const node = typeof item === "object" && item !== null && item.kind === "entry" ? item.value : item;
      if (typeof node === "object" && node !== null && (node.kind === "branch" || node.kind === "list")) inside(node);
      else spots.push(node);
    }
  };
  for (const document of documents) inside(document);
  return spots;
}

/** Whether two spots say the same; where a comment stands does not count. */
export function isSameSpot(one: Spot, other: Spot): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return Object.is(one, other);
  }
  if (one.kind === "bytes") return other.kind === "bytes" && Buffer.compare(one.bytes, other.bytes) === 0;
  return one.kind === other.kind && one.text === other.text;
}

export function isCommentSpot(spot: Spot): spot is Comment {
  return isComment(spot);
}
