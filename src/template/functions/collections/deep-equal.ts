import { GoBytes, GoComplex, GoInt, GoMap, GoObject, GoSlice, type GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { typeName } from "../../value/reflection.ts";
import { deeper } from "./depth.ts";

/**
 * Go's `reflect.DeepEqual`: same types and same content all the way down. A nil list is not an empty one, functions and
 * NaN are equal to nothing, and a list or dict is equal to itself whatever it holds.
 */
export function deepEqual(a: GoValue, b: GoValue, host: Host): boolean {
  return equalWithin(a, b, { host, seen: new Map() }, 0);
}

interface Comparison {
  readonly host: Host;
  /** Pairs that are being compared, or were: they count as equal when they are met again. */
  readonly seen: Map<object, Set<object>>;
}

function equalWithin(a: GoValue, b: GoValue, comparison: Comparison, depth: number): boolean {
  comparison.host.step();
  if (typeName(a) !== typeName(b)) return false;
  if (a instanceof GoInt && b instanceof GoInt) return a.value === b.value;
  if (a instanceof GoSlice && b instanceof GoSlice) return equalSlices(a, b, comparison, deeper(depth));
  if (a instanceof GoMap && b instanceof GoMap) return equalMaps(a, b, comparison, deeper(depth));
  if (a instanceof GoComplex && b instanceof GoComplex) return a.real === b.real && a.imaginary === b.imaginary;
  if (a instanceof GoBytes && b instanceof GoBytes) return samePlain(a.bytes, b.bytes, depth);
  if (a instanceof GoObject && b instanceof GoObject) {
    return a.isNil || b.isNil ? a.isNil === b.isNil : samePlain(a.state, b.state, depth);
  }
  return typeof a !== "object" && a === b ? true : a === null && b === null;
}

function equalSlices(a: GoSlice, b: GoSlice, comparison: Comparison, depth: number): boolean {
  if (a.isNil !== b.isNil || a.items.length !== b.items.length) return false;
  if (a.items === b.items || wasSeen(a, b, comparison)) return true;
  return a.items.every((item, at) => equalWithin(item, b.items[at] ?? null, comparison, depth));
}

function equalMaps(a: GoMap, b: GoMap, comparison: Comparison, depth: number): boolean {
  if (a.isNil !== b.isNil || a.entries.size !== b.entries.size) return false;
  if (a.entries === b.entries || wasSeen(a, b, comparison)) return true;
  for (const [key, value] of a.entries) {
    const other = b.entries.get(key);
    if (other === undefined || !equalWithin(value, other, comparison, depth)) return false;
  }
  return true;
}

function wasSeen(a: object, b: object, { seen }: Comparison): boolean {
  const partners = seen.get(a);
  if (partners === undefined) seen.set(a, new Set([b]));
  else if (partners.has(b)) return true;
  else partners.add(b);
  return false;
}

/** Whether two states of host objects hold the same. Functions in them belong to the type, not to the content. */
function samePlain(a: unknown, b: unknown, depth: number): boolean {
  if (Object.is(a, b) || (typeof a === "function" && typeof b === "function")) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  if (left.length !== right.size) return false;
  return left.every(([key, value]) => right.has(key) && samePlain(value, right.get(key), deeper(depth)));
}
