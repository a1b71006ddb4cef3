import { GoInt, GoMap, GoObject, type GoObjectType, GoSlice, type GoValue } from "./go-value.ts";
import type { IntKind } from "./integer.ts";

const CACHE_FROM = -128;
const CACHE_TO = 1023;
const cacheOf = (kind: IntKind) =>
  Array.from({ length: CACHE_TO - CACHE_FROM + 1 }, (_, at) => Object.freeze(new GoInt(kind, BigInt(at + CACHE_FROM))));
const intCache: readonly GoInt[] = cacheOf("int");
const int64Cache: readonly GoInt[] = cacheOf("int64");

/** Go's `int(value)`. A JavaScript number has to be whole; what is out of range wraps around. */
export function int(value: bigint | number): GoInt {
  const cached = value >= CACHE_FROM && value <= CACHE_TO ? intCache[Number(value) - CACHE_FROM] : undefined;
  return cached ?? new GoInt("int", BigInt(value));
}

/** Go's `int64(value)`. A JavaScript number has to be whole; what is out of range wraps around. */
export function int64(value: bigint | number): GoInt {
  const cached = value >= CACHE_FROM && value <= CACHE_TO ? int64Cache[Number(value) - CACHE_FROM] : undefined;
  return cached ?? new GoInt("int64", BigInt(value));
}

/** An integer of any kind. */
export function integer(kind: IntKind, value: bigint | number): GoInt {
  return kind === "int" ? int(value) : kind === "int64" ? int64(value) : new GoInt(kind, BigInt(value));
}

/** A `map[string]interface {}`: what Sprig calls a dict. A Map that is given is used itself, not copied. */
export function dict(entries: Map<string, GoValue> | Iterable<readonly [string, GoValue]> = []): GoMap {
  return new GoMap("interface {}", entries instanceof Map ? entries : new Map(entries));
}

/** A `map[string]string`. */
export function stringMap(entries: Iterable<readonly [string, string]> = []): GoMap {
  return new GoMap("string", new Map<string, GoValue>(entries));
}

/** A `[]interface {}`: what Sprig calls a list. */
export function list(items: GoValue[] = []): GoSlice {
  return new GoSlice("interface {}", items);
}

/** A `[]string`. */
export function strings(items: readonly string[]): GoSlice {
  return new GoSlice("string", [...items]);
}

/** A nil slice with elements of that type. */
export function nilSlice(elem: string): GoSlice {
  return new GoSlice(elem, [], { isNil: true });
}

/** Whether a value is of exactly that type: then its state may be read. */
export function isObjectOf<State>(value: GoValue, type: GoObjectType<State>): value is GoObject<State> {
  return value instanceof GoObject && value.type === type;
}
