import { display } from "../../fmt/print.ts";
import { defineFunction } from "../../value/function.ts";
import type { GoFunction } from "../../value/go-value.ts";
import { int, int64 } from "../../value/make.ts";
import { parseInt64 } from "../../value/parse-number.ts";
import { float64Of, int64Of } from "./number-of.ts";

/** Values as numbers. None of them fails: what is no number is 0. */
export const numberFunctions: readonly GoFunction[] = [
  defineFunction({ name: "int", params: ["interface {}"], call: ([value]) => int(int64Of(value)) }),
  defineFunction({ name: "int64", params: ["interface {}"], call: ([value]) => int64(int64Of(value)) }),
  defineFunction({ name: "float64", params: ["interface {}"], call: ([value]) => float64Of(value) }),
  defineFunction({
    name: "atoi",
    params: ["string"],
    call: ([text]) => {
      const parsed = parseInt64(text, 10);
      return int(parsed.ok ? parsed.value : parsed.nearest);
    },
  }),
  defineFunction({
    name: "toDecimal",
    params: ["interface {}"],
    call: ([value], host) => {
      const parsed = parseInt64(display(value, host), 8);
      return int64(parsed.ok ? parsed.value : 0n);
    },
  }),
];
