/** What a tree may hold. Every number is a bound that hostile input meets before memory does. */
export interface TreeLimits {
  /** Files after symbolic links have been resolved. */
  readonly maxFiles: number;
  /** Bytes of one file. */
  readonly maxFileBytes: number;
  /** Bytes of all files together, each resolved link counted again. */
  readonly maxTotalBytes: number;
  /** UTF-8 bytes of one path. */
  readonly maxPathBytes: number;
  /** Directories above one file. */
  readonly maxDepth: number;
  /** Links followed to resolve one path. */
  readonly maxLinkHops: number;
}

export const DEFAULT_TREE_LIMITS: TreeLimits = {
  maxFiles: 50_000,
  maxFileBytes: 50 * 1024 * 1024,
  maxTotalBytes: 100 * 1024 * 1024,
  maxPathBytes: 4096,
  maxDepth: 100,
  maxLinkHops: 40,
};
