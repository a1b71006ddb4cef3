import { GoError } from "../../value/go-error.ts";
import { GoBytes, GoMap, GoSlice, type GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { deeper } from "./depth.ts";

/**
 * A value of which nothing is shared with the original.
 *
 * @throws GoError for nil, of which Sprig asks the type
 */
export function deepCopy(value: GoValue, host: Host): GoValue {
  if (value === null) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  return copyWithin(value, host, 0);
}

/** What one element of a list or dict takes, beside a key. */
const ENTRY_BYTES = 32;

function copyWithin(value: GoValue, host: Host, depth: number): GoValue {
  if (value instanceof GoSlice) {
    host.spend(value.items.length * ENTRY_BYTES);
    const items = value.items.map((item) => copyWithin(item, host, deeper(depth)));
    return new GoSlice(value.elem, items, typeOfCopy(value));
  }
  if (value instanceof GoMap) {
    host.spend(value.entries.size * ENTRY_BYTES);
    const entries = new Map<string, GoValue>();
    for (const [key, item] of value.entries) entries.set(key, copyWithin(item, host, deeper(depth)));
    return new GoMap(value.elem, entries, typeOfCopy(value));
  }
  if (value instanceof GoBytes) {
    host.spend(value.bytes.length);
    return new GoBytes(value.bytes.slice());
  }
  return value;
}

function typeOfCopy<Named>({ named, isNil }: { named: Named | undefined; isNil: boolean }): {
  named?: Named;
  isNil: boolean;
} {
  return named === undefined ? { isNil } : { named, isNil };
}
