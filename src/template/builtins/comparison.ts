import { sprintf } from "../fmt/print.ts";
import { defineFunction } from "../value/function.ts";
import { GoError } from "../value/go-error.ts";
import { compareStrings } from "../value/go-string.ts";
import { GoBytes, GoComplex, GoFunction, GoInt, GoMap, GoObject, GoSlice, type GoValue } from "../value/go-value.ts";
import type { Host } from "../value/host.ts";
import { isSigned } from "../value/integer.ts";
import { kind, typeName } from "../value/reflection.ts";

/** What decides whether two values can be compared: all integers are of one class, by sign. */
type BasicClass = "bool" | "complex" | "float" | "int" | "string" | "uint";

function basicClass(value: GoValue): BasicClass | undefined {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "float";
  if (value instanceof GoInt) return isSigned(value.kind) ? "int" : "uint";
  return value instanceof GoComplex ? "complex" : undefined;
}

const isWhole = (basic: BasicClass | undefined) => basic === "int" || basic === "uint";

/** Go's `eq` of two values. */
function equal(a: GoValue, b: GoValue, host: Host): boolean {
  if (typeof a === "string") host.step(a.length >> 10);
  const [x, y] = [basicClass(a), basicClass(b)];
  if (x === undefined && y === undefined) return sameComposite(a, b, host);
  if (a instanceof GoInt && b instanceof GoInt) return a.value === b.value;
  if (x !== y) {
    if (kind(a) === "invalid" || kind(b) === "invalid") return false;
    throw incompatible(a, b);
  }
  if (a instanceof GoComplex && b instanceof GoComplex) return a.real === b.real && a.imaginary === b.imaginary;
  return a === b;
}

function sameComposite(a: GoValue, b: GoValue, host: Host): boolean {
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (kind(a) !== kind(b)) {
    const values = [a, typeName(a), typeName(b), b];
    throw new GoError(sprintf("non-comparable types %s: %v, %s: %v", values, host));
  }
  if (!isComparable(b)) throw new GoError(sprintf("non-comparable type %s: %v", [b, typeName(b)], host));
  if (!(a instanceof GoObject) || !(b instanceof GoObject) || a.type !== b.type) return false;
  return a.state === b.state || (a.type.equal?.(a.state, b.state) ?? false);
}

/** Go's `reflect.Value.IsNil`, where it may be asked. */
function isNil(value: GoValue): boolean {
  if (value instanceof GoMap || value instanceof GoSlice || value instanceof GoObject) return value.isNil;
  return kind(value) === "invalid";
}

function isComparable(value: GoValue): boolean {
  if (value instanceof GoObject) return value.type.kind === "ptr" || value.type.equal !== undefined;
  const composite =
    value instanceof GoMap || value instanceof GoSlice || value instanceof GoBytes || value instanceof GoFunction;
  return !composite;
}

/** Go's `lt`: numbers of one sort, or strings. */
function less(a: GoValue, b: GoValue, host: Host): boolean {
  if (typeof a === "string") host.step(a.length >> 10);
  const [x, y] = [basicClass(a), basicClass(b)];
  if (x === undefined || y === undefined) throw new GoError("invalid type for comparison");
  if (a instanceof GoInt && b instanceof GoInt) return a.value < b.value;
  if (x !== y || isWhole(x)) throw incompatible(a, b);
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b) < 0;
  throw new GoError("invalid type for comparison");
}

function incompatible(a: GoValue, b: GoValue): GoError {
  return new GoError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}

/** `eq a b…`: a is equal to one of the others. */
export const eq = defineFunction({
  name: "eq",
  params: ["reflect.Value"],
  variadic: "reflect.Value",
  call([first, ...others], host) {
    if (others.length === 0) throw new GoError("missing argument for comparison");
    return others.some((other) => equal(first, other, host));
  },
});

export const ne = defineFunction({
  name: "ne",
  params: ["reflect.Value", "reflect.Value"],
  call: ([a, b], host) => !equal(a, b, host),
});

export const lt = defineFunction({
  name: "lt",
  params: ["reflect.Value", "reflect.Value"],
  call: ([a, b], host) => less(a, b, host),
});

export const le = defineFunction({
  name: "le",
  params: ["reflect.Value", "reflect.Value"],
  call: ([a, b], host) => less(a, b, host) || equal(a, b, host),
});

export const gt = defineFunction({
  name: "gt",
  params: ["reflect.Value", "reflect.Value"],
  call: ([a, b], host) => !(less(a, b, host) || equal(a, b, host)),
});

export const ge = defineFunction({
  name: "ge",
  params: ["reflect.Value", "reflect.Value"],
  call: ([a, b], host) => !less(a, b, host),
});
