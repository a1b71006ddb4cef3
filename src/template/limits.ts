/** Bounds of parsing. Templates are foreign input: each of these stops one that would not end, or overflow. */
export interface ParseLimits {
  /** How long a text may be, in UTF-16 units. */
  readonly maxTextLength: number;
  /** How deep blocks, `else if` chains and parentheses may be nested. */
  readonly maxNesting: number;
}

/** Bounds of one execution. */
export interface ExecutionLimits {
  /** Nodes evaluated, rounds of loops, and what functions count. */
  readonly maxSteps: number;
  /** Bytes of output, and of every text that functions make on the way. */
  readonly maxBytes: number;
  /** Nesting of templates that call templates, and of the blocks in them. Go allows 100,000 calls. */
  readonly maxDepth: number;
}

export const DEFAULT_PARSE_LIMITS: ParseLimits = {
  maxTextLength: 4 * 1024 * 1024,
  maxNesting: 500,
};

export const DEFAULT_EXECUTION_LIMITS: ExecutionLimits = {
  maxSteps: 10_000_000,
  maxBytes: 64 * 1024 * 1024,
  maxDepth: 3000,
};
