import { sprint, sprintf, sprintln } from "../fmt/print.ts";
import { defineFunction } from "../value/function.ts";

/** Go's `fmt.Sprint`. */
export const print = defineFunction({
  name: "print",
  params: [],
  variadic: "interface {}",
  call: (values, host) => sprint(values, host),
});

/** Go's `fmt.Sprintf`. */
export const printf = defineFunction({
  name: "printf",
  params: ["string"],
  variadic: "interface {}",
  call: ([format, ...values], host) => sprintf(format, values, host),
});

/** Go's `fmt.Sprintln`. */
export const println = defineFunction({
  name: "println",
  params: [],
  variadic: "interface {}",
  call: (values, host) => sprintln(values, host),
});
