import { defineFunction } from "../value/function.ts";
import { GoError } from "../value/go-error.ts";
import { byteLength, bytesOf, sliceBytes } from "../value/go-string.ts";
import { GoBytes, GoInt, GoMap, GoObject, GoSlice, type GoValue, NoValue } from "../value/go-value.ts";
import type { Host } from "../value/host.ts";
import { int, integer } from "../value/make.ts";
import { kind, typeName, zeroOf } from "../value/reflection.ts";

/** How many elements can be indexed; undefined when it is nothing of that sort. */
function lengthOf(value: GoValue, host: Host): number | undefined {
  if (typeof value === "string") {
    // Bytes of a text have to be counted one by one.
    host.step(value.length >> 8);
    return byteLength(value);
  }
  if (value instanceof GoSlice) return value.items.length;
  if (value instanceof GoBytes) return value.bytes.length;
  return undefined;
}

function elementAt(value: GoValue, at: number): GoValue {
  if (typeof value === "string") return integer("uint8", bytesOf(value)[at] ?? 0);
  if (value instanceof GoSlice) return value.items[at] ?? null;
  return value instanceof GoBytes ? integer("uint8", value.bytes[at] ?? 0) : null;
}

/** An index as a number; it may be the length itself, where a slice may end. */
function checkedIndex(index: GoValue, limit: number): number {
  if (index === null || index instanceof NoValue) throw new GoError("cannot index slice/array with nil");
  if (!(index instanceof GoInt)) throw new GoError(`cannot index slice/array with type ${typeName(index)}`);
  if (index.value < 0n || index.value > BigInt(limit)) throw new GoError(`index out of range: ${index.value}`);
  return Number(index.value);
}

function mapKey(index: GoValue): string {
  if (typeof index === "string") return index;
  if (index === null || index instanceof NoValue) throw new GoError("value is nil; should be of type string");
  throw new GoError(`value has type ${typeName(index)}; should be string`);
}

function indexed(item: GoValue, index: GoValue, host: Host): GoValue {
  if (item === null) throw new GoError("index of nil pointer");
  if (item instanceof GoMap) {
    const found = item.entries.get(mapKey(index));
    return found === undefined ? zeroOf(item.elem) : found;
  }
  const length = lengthOf(item, host);
  if (length === undefined) {
    if (item instanceof GoObject && item.isNil) throw new GoError("index of nil pointer");
    throw new GoError(`can't index item of type ${typeName(item).replace(/^\*/, "")}`);
  }
  const at = checkedIndex(index, length);
  if (at === length) throw new GoError(`reflect: ${kind(item)} index out of range`);
  return elementAt(item, at);
}

/** `index x 1 2`: x[1][2]. */
export const index = defineFunction({
  name: "index",
  params: ["reflect.Value"],
  variadic: "reflect.Value",
  call([item, ...indexes], host) {
    if (kind(item) === "invalid") throw new GoError("index of untyped nil");
    return indexes.reduce((found, at) => indexed(found, at, host), item);
  },
});

/** `slice x 1 2`: x[1:2]. Sprig has another function of this name, which takes its place. */
export const slice = defineFunction({
  name: "slice",
  params: ["reflect.Value"],
  variadic: "reflect.Value",
  call([item, ...indexes], host) {
    if (kind(item) === "invalid") throw new GoError("slice of untyped nil");
    if (indexes.length > 3) throw new GoError(`too many slice indexes: ${indexes.length}`);
    const length = lengthOf(item, host);
    if (length === undefined) throw new GoError(`can't slice item of type ${typeName(item).replace(/^\*/, "")}`);
    if (typeof item === "string" && indexes.length === 3) throw new GoError("cannot 3-index slice a string");
    const [from = 0, to = length, capacity] = indexes.map((at) => checkedIndex(at, length));
    if (from > to) throw new GoError(`invalid slice index: ${from} > ${to}`);
    if (capacity !== undefined && to > capacity) throw new GoError(`invalid slice index: ${to} > ${capacity}`);
    if (typeof item === "string") return sliceBytes(item, from, to);
    if (item instanceof GoBytes) return new GoBytes(item.bytes.subarray(from, to));
    return item instanceof GoSlice ? new GoSlice(item.elem, item.items.slice(from, to)) : item;
  },
});

export const len = defineFunction({
  name: "len",
  params: ["reflect.Value"],
  call([item], host) {
    if (item === null || (item instanceof GoObject && item.isNil)) throw new GoError("len of nil pointer");
    if (item instanceof NoValue) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
    if (item instanceof GoMap) return int(item.entries.size);
    const length = lengthOf(item, host);
    if (length === undefined) throw new GoError(`len of type ${typeName(item).replace(/^\*/, "")}`);
    return int(length);
  },
});
