import { defineFunction } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import { byteLength, compareStrings } from "../../value/go-string.ts";
import { type GoFunction, GoMap, type GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { dict, list, strings } from "../../value/make.ts";
import { typeName } from "../../value/reflection.ts";
import { textOf } from "../text/text-of.ts";

const DICT = "map[string]interface {}";

/** Dicts: maps from text to anything. `set` and `unset` change the dict that they are given. */
export const dictFunctions: readonly GoFunction[] = [
  defineFunction({
    name: "dict",
    params: [],
    variadic: "interface {}",
    call: (values, host) => {
      const entries = new Map<string, GoValue>();
      for (let at = 0; at < values.length; at += 2) {
        put(entries, textOf(values[at] ?? null, host), at + 1 < values.length ? (values[at + 1] ?? null) : "", host);
      }
      return dict(entries);
    },
  }),
  defineFunction({
    name: "get",
    params: [DICT, "string"],
    call: ([map, key]) => {
      const value = map.entries.get(key);
      return value === undefined ? "" : value;
    },
  }),
  defineFunction({ name: "hasKey", params: [DICT, "string"], call: ([map, key]) => map.entries.has(key) }),
  defineFunction({
    name: "set",
    params: [DICT, "string", "interface {}"],
    call: ([map, key, value], host) => {
      if (map.isNil) throw new GoError("assignment to entry in nil map");
      put(map.entries, key, value, host);
      return map;
    },
  }),
  defineFunction({
    name: "unset",
    params: [DICT, "string"],
    call: ([map, key]) => {
      map.entries.delete(key);
      return map;
    },
  }),
  defineFunction({
    name: "pluck",
    params: ["string"],
    variadic: DICT,
    call: ([key, ...maps]) => list(maps.map((map) => map.entries.get(key)).filter((value) => value !== undefined)),
  }),
  defineFunction({
    name: "keys",
    params: [],
    variadic: DICT,
    call: (maps, host) => {
      const keys = maps.flatMap((map) => map.sortedKeys());
      host.spend(keys.length * ENTRY_BYTES);
      return strings(keys);
    },
  }),
  defineFunction({
    name: "values",
    params: [DICT],
    call: ([map], host) => {
      host.spend(map.entries.size * ENTRY_BYTES);
      return list(sortedEntries(map).map(([, value]) => value));
    },
  }),
  defineFunction({
    name: "pick",
    params: [DICT],
    variadic: "string",
    call: ([map, ...keys], host) => selected(map, (key) => keys.includes(key), host),
  }),
  defineFunction({
    name: "omit",
    params: [DICT],
    variadic: "string",
    call: ([map, ...keys], host) => selected(map, (key) => !keys.includes(key), host),
  }),
  defineFunction({ name: "dig", params: [], variadic: "interface {}", call: (values) => dig(values) }),
];

/** What one entry takes beside its key. */
const ENTRY_BYTES = 32;

function put(entries: Map<string, GoValue>, key: string, value: GoValue, host: Host): void {
  host.spend(byteLength(key) + ENTRY_BYTES);
  entries.set(key, value);
}

function selected(map: GoMap, wants: (key: string) => boolean, host: Host): GoMap {
  host.spend(map.entries.size * ENTRY_BYTES);
  return dict([...map.entries].filter(([key]) => wants(key)));
}

/** Go gives them in another order each time; here it is that of the keys. */
function sortedEntries(map: GoMap): [string, GoValue][] {
  return [...map.entries].sort(([a], [b]) => compareStrings(a, b));
}

/** `dig "a" "b" fallback $dict`: what is at a.b, or the fallback where a key is missing. */
function dig(values: readonly GoValue[]): GoValue {
  if (values.length < 3) throw new GoError("dig needs at least three arguments");
  let map = asserted(values.at(-1) ?? null);
  const keys = values.slice(0, -2).map((key) => {
    if (typeof key !== "string") throw notOfType(key, "string");
    return key;
  });
  for (const [at, key] of keys.entries()) {
    const value = map.entries.get(key);
    if (value === undefined) break;
    if (at === keys.length - 1) return value;
    map = asserted(value);
  }
  return values.at(-2) ?? null;
}

function asserted(value: GoValue): GoMap {
  if (value instanceof GoMap && value.type === DICT) return value;
  throw notOfType(value, DICT);
}

/** Go's run-time panic for a type that was not found. */
function notOfType(value: GoValue, type: string): GoError {
  const found = value === null ? "nil" : typeName(value);
  return new GoError(`interface conversion: interface {} is ${found}, not ${type}`);
}
