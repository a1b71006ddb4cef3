/** Bounds for text that comes from somebody else. */
export interface YamlLimits {
  /** Largest input in UTF-16 code units (of the decoded text). */
  readonly maxInputLength: number;
  /** Deepest nesting of mappings and sequences. */
  readonly maxDepth: number;
  /** Most nodes of one stream, as written. A node takes some 300 bytes of memory. */
  readonly maxNodes: number;
  /** Most nodes that all aliases of one stream stand for together. */
  readonly maxAliasNodes: number;
  /** Most documents in one stream. */
  readonly maxDocuments: number;
  /** Most warnings that are kept. */
  readonly maxWarnings: number;
  /** Most steps spent on attaching comments to closing blocks. */
  readonly maxCommentSteps: number;
}

/**
 * The defaults. The Go readers stop at 10,000 levels and bound aliases by a ratio; the bounds here are absolute, so that
 * a small file never costs more than a large honest one.
 */
export const YAML_LIMITS: YamlLimits = {
  maxInputLength: 256 * 1024 * 1024,
  maxDepth: 1_000,
  maxNodes: 3_000_000,
  maxAliasNodes: 1_000_000,
  maxDocuments: 100_000,
  maxWarnings: 100,
  maxCommentSteps: 50_000_000,
};

/** A possible mapping key without `?` fits in one line and in so many characters. Source: YAML 1.1, section 7.4.2. */
export const SIMPLE_KEY_LENGTH = 1024;
