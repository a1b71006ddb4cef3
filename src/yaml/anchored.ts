import type { YamlNode } from "./node.ts";

/** What one alias of a node stands for. */
interface Extent {
  /** Nodes, the node itself included, with the aliases in it expanded. */
  readonly size: number;
  /** Levels of collections, with the aliases in it expanded. */
  readonly height: number;
}

/**
 * Keeps account of what aliases stand for while a tree is built, so that neither a bomb of aliases nor a chain of them
 * that nests too deep reaches those who walk the tree.
 */
export class Anchored {
  private readonly extents = new Map<YamlNode, Extent>();
  private depth = 0;
  /** Deepest level so far within the innermost collection that has an anchor. */
  private deepest = 0;
  private readonly outer: number[] = [];

  enter(node: YamlNode): void {
    this.depth++;
    if (node.anchor !== undefined) {
      this.outer.push(this.deepest);
      this.deepest = this.depth;
    } else if (this.depth > this.deepest) {
      this.deepest = this.depth;
    }
  }

  leave(node: YamlNode, size: number): void {
    this.depth--;
    if (node.anchor === undefined) return;
    this.extents.set(node, { size, height: this.deepest - this.depth });
    this.deepest = Math.max(this.deepest, this.outer.pop() ?? 0);
  }

  addScalar(node: YamlNode, size: number): void {
    this.extents.set(node, { size, height: 0 });
  }

  /** Nodes that an alias of `node` stands for; undefined while the node is still open. */
  sizeOf(node: YamlNode): number | undefined {
    return this.extents.get(node)?.size;
  }

  /** Level that an alias of `node` reaches at the present place. */
  expand(node: YamlNode): number {
    const reached = this.depth + (this.extents.get(node)?.height ?? 0);
    if (reached > this.deepest) this.deepest = reached;
    return reached;
  }
}
