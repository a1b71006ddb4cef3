import { LimitReached } from "../../value/go-error.ts";

/** How deep values may nest that a function walks through: a dict may hold itself, and the stack is finite. */
export const MAX_DEPTH = 1_500;

/**
 * One level deeper.
 *
 * @throws LimitReached `depth`
 */
export function deeper(depth: number): number {
  if (depth >= MAX_DEPTH) throw new LimitReached("depth");
  return depth + 1;
}
