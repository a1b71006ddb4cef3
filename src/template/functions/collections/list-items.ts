import { GoError } from "../../value/go-error.ts";
import type { GoValue } from "../../value/go-value.ts";
import { itemsOf, kind } from "../../value/reflection.ts";

/** What asking a nil for its type gives: Go's run-time panic. */
const NIL_POINTER = "runtime error: invalid memory address or nil pointer dereference";

/**
 * The elements of a list argument.
 *
 * @param refusal the text for another kind, which follows it: `Cannot push on type`
 * @param suffix what stands behind the kind
 * @throws GoError for nil and for what is no list
 */
export function listItems(value: GoValue, refusal: string, suffix = ""): readonly GoValue[] {
  if (value === null) throw new GoError(NIL_POINTER);
  const items = itemsOf(value);
  if (items === undefined) throw new GoError(`${refusal} ${kind(value)}${suffix}`);
  return items;
}
