import { defineFunction } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import type { GoFunction, GoInt, GoValue } from "../../value/go-value.ts";
import { int64 } from "../../value/make.ts";
import { int64Of } from "./number-of.ts";

/** Integer arithmetic on any values: 64 bits, wrapping around. */
export const arithmeticFunctions: readonly GoFunction[] = [
  defineFunction({ name: "add1", params: ["interface {}"], call: ([value]) => int64(int64Of(value) + 1n) }),
  defineFunction({
    name: "add",
    params: [],
    variadic: "interface {}",
    call: (values) => int64(values.reduce((sum: bigint, value) => sum + int64Of(value), 0n)),
  }),
  defineFunction({
    name: "sub",
    params: ["interface {}", "interface {}"],
    call: ([a, b]) => int64(int64Of(a) - int64Of(b)),
  }),
  defineFunction({
    name: "mul",
    params: ["interface {}"],
    variadic: "interface {}",
    call: ([first, ...others]) =>
      others.reduce((product: GoInt, value) => times(product, value), int64(int64Of(first))),
  }),
  defineFunction({
    name: "div",
    params: ["interface {}", "interface {}"],
    call: ([a, b]) => int64(int64Of(a) / divisor(b)),
  }),
  defineFunction({
    name: "mod",
    params: ["interface {}", "interface {}"],
    call: ([a, b]) => int64(int64Of(a) % divisor(b)),
  }),
  ...["max", "biggest"].map((name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      variadic: "interface {}",
      call: (values) => int64(inOrder(values).at(-1) ?? 0n),
    }),
  ),
  defineFunction({
    name: "min",
    params: ["interface {}"],
    variadic: "interface {}",
    call: (values) => int64(inOrder(values)[0] ?? 0n),
  }),
];

function times(product: GoInt, value: GoValue): GoInt {
  return int64(product.value * int64Of(value));
}

function inOrder(values: readonly GoValue[]): bigint[] {
  return values.map(int64Of).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function divisor(value: GoValue): bigint {
  const number = int64Of(value);
  if (number === 0n) throw new GoError("runtime error: integer divide by zero");
  return number;
}
