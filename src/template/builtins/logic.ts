import { defineFunction } from "../value/function.ts";
import { NO_VALUE } from "../value/go-value.ts";
import { truth } from "../value/reflection.ts";

/** `not x`. */
export const not = defineFunction({
  name: "not",
  params: ["reflect.Value"],
  call: ([value]) => !truth(value),
});

/** The first false argument, or the last one. The evaluator calls it with no more arguments than it has to look at. */
export const and = defineFunction({
  name: "and",
  params: ["reflect.Value"],
  variadic: "reflect.Value",
  call: (values) => values.find((value) => !truth(value)) ?? values.at(-1) ?? NO_VALUE,
});

/** The first true argument, or the last one. */
export const or = defineFunction({
  name: "or",
  params: ["reflect.Value"],
  variadic: "reflect.Value",
  call: (values) => values.find(truth) ?? values.at(-1) ?? NO_VALUE,
});

/** `call f a b`. The evaluator does the work, as it knows how to check arguments. */
export const call = defineFunction({
  name: "call",
  params: ["reflect.Value"],
  variadic: "reflect.Value",
  call: ([callee]) => callee,
});
