import type { GoValue } from "../../value/go-value.ts";
import { GoFunction, GoObject } from "../../value/go-value.ts";
import { truth } from "../../value/reflection.ts";

/** Sprig's idea of a value that is not set: nil, false, 0, and what has no elements. A struct is always set. */
export function isEmpty(value: GoValue): boolean {
  if (value instanceof GoFunction) return false;
  if (value instanceof GoObject) return value.isNil;
  return !truth(value);
}
