import { defineFunction } from "../value/function.ts";
import type { GoFunction } from "../value/go-value.ts";
import { kind, typeName } from "../value/reflection.ts";
import { deepEqual } from "./collections/deep-equal.ts";

/** What a value is. */
export const reflectionFunctions: readonly GoFunction[] = [
  defineFunction({ name: "typeOf", params: ["interface {}"], call: ([value]) => typeName(value) }),
  defineFunction({
    name: "typeIs",
    params: ["string", "interface {}"],
    call: ([type, value]) => typeName(value) === type,
  }),
  defineFunction({
    name: "typeIsLike",
    params: ["string", "interface {}"],
    call: ([type, value]) => typeName(value) === type || typeName(value) === `*${type}`,
  }),
  defineFunction({ name: "kindOf", params: ["interface {}"], call: ([value]) => kind(value) }),
  defineFunction({ name: "kindIs", params: ["string", "interface {}"], call: ([name, value]) => kind(value) === name }),
  defineFunction({
    name: "deepEqual",
    params: ["interface {}", "interface {}"],
    call: ([a, b], host) => deepEqual(a, b, host),
  }),
];
