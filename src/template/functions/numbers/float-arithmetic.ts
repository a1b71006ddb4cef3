import { defineFunction } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import type { GoFunction, GoValue } from "../../value/go-value.ts";
import {
  addDecimals,
  type Decimal,
  decimalOf,
  divideDecimals,
  floatOf,
  multiplyDecimals,
  subtractDecimals,
} from "./decimal.ts";
import { float64Of } from "./number-of.ts";
import { roundHalf } from "./rounding.ts";

/** Arithmetic on floats, done in decimals. */
export const floatArithmeticFunctions: readonly GoFunction[] = [
  defineFunction({
    name: "add1f",
    params: ["interface {}"],
    call: ([value]) => floatOf(addDecimals(decimalArgument(value), { coefficient: 1n, exponent: 0 })),
  }),
  defineFunction({
    name: "addf",
    params: [],
    variadic: "interface {}",
    call: (values) => folded(0, values, addDecimals),
  }),
  defineFunction({
    name: "subf",
    params: ["interface {}"],
    variadic: "interface {}",
    call: ([first, ...others]) => folded(first, others, subtractDecimals),
  }),
  defineFunction({
    name: "mulf",
    params: ["interface {}"],
    variadic: "interface {}",
    call: ([first, ...others]) => folded(first, others, multiplyDecimals),
  }),
  defineFunction({
    name: "divf",
    params: ["interface {}"],
    variadic: "interface {}",
    call: ([first, ...others]) => folded(first, others, quotient),
  }),
  defineFunction({
    name: "maxf",
    params: ["interface {}"],
    variadic: "interface {}",
    call: (values) => values.map(float64Of).reduce(larger),
  }),
  defineFunction({
    name: "minf",
    params: ["interface {}"],
    variadic: "interface {}",
    call: (values) => values.map(float64Of).reduce((a, b) => -larger(-a, -b)),
  }),
  defineFunction({ name: "ceil", params: ["interface {}"], call: ([value]) => Math.ceil(float64Of(value)) }),
  defineFunction({ name: "floor", params: ["interface {}"], call: ([value]) => Math.floor(float64Of(value)) }),
  defineFunction({
    name: "round",
    params: ["interface {}", "int"],
    variadic: "float64",
    call: ([value, places, roundOn = 0.5]) => roundHalf(float64Of(value), places.toNumber(), roundOn),
  }),
];

function folded(first: GoValue, others: readonly GoValue[], operation: (a: Decimal, b: Decimal) => Decimal): number {
  let result = decimalArgument(first);
  for (const other of others) result = operation(result, decimalArgument(other));
  return floatOf(result);
}

function decimalArgument(value: GoValue): Decimal {
  const number = float64Of(value);
  if (Number.isNaN(number)) throw new GoError("Cannot create a Decimal from NaN");
  if (!Number.isFinite(number)) throw new GoError(`Cannot create a Decimal from ${number > 0 ? "+" : "-"}Inf`);
  return decimalOf(number);
}

function quotient(a: Decimal, b: Decimal): Decimal {
  if (b.coefficient === 0n) throw new GoError("decimal division by 0");
  return divideDecimals(a, b);
}

/** Go's `math.Max`: infinity also beats what is no number. */
function larger(a: number, b: number): number {
  if (a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return Math.max(a, b);
}
