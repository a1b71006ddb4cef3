import { display } from "../../fmt/print.ts";
import { goString } from "../../value/go-string.ts";
import { GoBytes, GoSlice, type GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { itemsOf } from "../../value/reflection.ts";

/** A value as text, as Sprig's string functions take any value: strings and bytes as they are, others as `%v`. */
export function textOf(value: GoValue, host: Host): string {
  if (typeof value === "string") return value;
  return value instanceof GoBytes ? goString(value.bytes) : display(value, host);
}

/**
 * A value as a list of texts: the elements of a list that are not nil, or the one value.
 *
 * A `[]string` gives its own items, not a copy.
 */
export function textsOf(value: GoValue, host: Host): readonly string[] {
  if (value === null) return [];
  if (value instanceof GoSlice && value.elem === "string") return value.items.filter(isText);
  const items = itemsOf(value);
  if (items === undefined) return [textOf(value, host)];
  host.step(items.length);
  return items.filter((item) => item !== null).map((item) => textOf(item, host));
}

const isText = (value: GoValue): value is string => typeof value === "string";
