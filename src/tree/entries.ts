import type { TreeLimits } from "./limits.ts";

/** One thing to put into a tree. `target` of a link is relative to the directory that holds the link. */
export type TreeEntry =
  | { readonly kind: "file"; readonly path: string; readonly bytes: Uint8Array; readonly executable?: boolean }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** A link that is not part of the tree, and why. */
export interface LeftOutLink {
  readonly path: string;
  readonly target: string;
  readonly reason: "leads out of the tree" | "leads to nothing" | "leads in a circle";
}

export interface TreeOptions {
  readonly limits?: Partial<TreeLimits>;
  /**
   * What happens to a symbolic link that leads out of the tree, to nothing, or in a circle: `refuse` (the default)
   * throws, `leave-out` drops it and tells `onLeftOut`. Links that stay inside always become what they lead to.
   */
  readonly badLinks?: "refuse" | "leave-out";
  readonly onLeftOut?: (link: LeftOutLink) => void;
}

export interface StoredFile {
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}
