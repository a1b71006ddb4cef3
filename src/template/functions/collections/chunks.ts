import { GoError } from "../../value/go-error.ts";
import type { GoValue } from "../../value/go-value.ts";

/**
 * Cuts a list into pieces of `size`, the last one with what is left.
 *
 * Sprig computes the number of pieces in float64 for any size, so a negative size that is large enough for it gives no
 * pieces, or one element its own, and every other one that is not positive asks Go for a list of impossible length.
 *
 * @throws GoError for such a size
 */
export function chunks(items: readonly GoValue[], size: number): GoValue[][] {
  const count = Math.floor((items.length - 1) / size) + 1;
  if (count === 0) return [];
  if (items.length === 1 && size < -1) return [[...items]];
  if (!(count > 0) || size <= 0) throw new GoError("runtime error: makeslice: len out of range");
  return Array.from({ length: count }, (_, at) => items.slice(at * size, (at + 1) * size));
}
