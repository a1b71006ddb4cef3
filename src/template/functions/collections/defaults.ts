import { defineFunction } from "../../value/function.ts";
import type { GoFunction } from "../../value/go-value.ts";
import { deepCopy } from "./deep-copy.ts";
import { isEmpty } from "./empty.ts";

/** Values that stand in for those that are not set, and choices. */
export const defaultFunctions: readonly GoFunction[] = [
  defineFunction({
    name: "default",
    params: ["interface {}"],
    variadic: "interface {}",
    call: ([fallback, given = null]) => (isEmpty(given) ? fallback : given),
  }),
  defineFunction({ name: "empty", params: ["interface {}"], call: ([value]) => isEmpty(value) }),
  defineFunction({
    name: "coalesce",
    params: [],
    variadic: "interface {}",
    call: (values) => values.find((value) => !isEmpty(value)) ?? null,
  }),
  defineFunction({
    name: "all",
    params: [],
    variadic: "interface {}",
    call: (values) => values.every((value) => !isEmpty(value)),
  }),
  defineFunction({
    name: "any",
    params: [],
    variadic: "interface {}",
    call: (values) => values.some((value) => !isEmpty(value)),
  }),
  defineFunction({
    name: "ternary",
    params: ["interface {}", "interface {}", "bool"],
    call: ([yes, no, condition]) => (condition ? yes : no),
  }),
  ...["deepCopy", "mustDeepCopy"].map((name) =>
    defineFunction({ name, params: ["interface {}"], call: ([value], host) => deepCopy(value, host) }),
  ),
];
