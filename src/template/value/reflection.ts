import { GoBytes, GoComplex, GoFunction, GoInt, GoMap, GoObject, GoSlice, type GoValue, NoValue } from "./go-value.ts";
import { type IntKind, intKind } from "./integer.ts";
import { integer } from "./make.ts";

/** A kind of Go's reflection. */
export type Kind =
  | IntKind
  | "invalid"
  | "bool"
  | "string"
  | "float64"
  | "complex128"
  | "map"
  | "slice"
  | "struct"
  | "ptr"
  | "func";

/** The kind of a value, as Go's `reflect.Kind` prints it; `invalid` for nil and for no value. */
export function kind(value: GoValue): Kind {
  if (value === null || value instanceof NoValue) return "invalid";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "float64";
  if (value instanceof GoInt) return value.kind;
  if (value instanceof GoMap) return "map";
  if (value instanceof GoSlice || value instanceof GoBytes) return "slice";
  if (value instanceof GoObject) return value.type.kind;
  return value instanceof GoComplex ? "complex128" : "func";
}

/** The type of a value, as `%T` prints it; `<nil>` for nil and for no value. */
export function typeName(value: GoValue): string {
  if (value === null || value instanceof NoValue) return "<nil>";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "float64";
  if (value instanceof GoObject) return value.type.name;
  if (value instanceof GoComplex) return "complex128";
  if (value instanceof GoBytes) return "[]uint8";
  return value instanceof GoFunction ? signature(value) : value.type;
}

/** Go's truth: false are nil, false, 0, "", and empty maps and slices. */
export function truth(value: GoValue): boolean {
  if (value === null || value instanceof NoValue) return false;
  if (typeof value === "string") return value !== "";
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (value instanceof GoInt) return value.value !== 0n;
  if (value instanceof GoMap) return value.entries.size > 0;
  if (value instanceof GoSlice) return value.items.length > 0;
  if (value instanceof GoBytes) return value.bytes.length > 0;
  if (value instanceof GoObject) return !value.isNil;
  return value instanceof GoComplex ? value.real !== 0 || value.imaginary !== 0 : true;
}

/** The zero value of a type name; nil for interfaces and for what has no other known zero. */
export function zeroOf(type: string): GoValue {
  const number = intKind(type);
  if (number !== undefined) return integer(number, 0);
  if (type === "string") return "";
  if (type === "bool") return false;
  if (type === "float64") return 0;
  if (type === "[]uint8") return new GoBytes(new Uint8Array());
  if (type.startsWith("[]")) return new GoSlice(type.slice(2), [], { isNil: true });
  if (type.startsWith("map[string]")) return new GoMap(type.slice("map[string]".length), new Map(), { isNil: true });
  return null;
}

/** The elements of a slice or `[]byte`; undefined for everything else. */
export function itemsOf(value: GoValue): readonly GoValue[] | undefined {
  if (value instanceof GoSlice) return value.items;
  if (value instanceof GoBytes) return Array.from(value.bytes, (byte) => integer("uint8", byte));
  return undefined;
}

function signature(value: GoFunction): string {
  if (value.type !== undefined) return value.type;
  const params = value.variadic === undefined ? value.params : [...value.params, `...${value.variadic}`];
  return `func(${params.join(", ")})`;
}
