import { type FunctionTable, functionTable } from "../value/function.ts";
import { index, len, slice } from "./collections.ts";
import { eq, ge, gt, le, lt, ne } from "./comparison.ts";
import { html, js, urlquery } from "./escape.ts";
import { and, call, not, or } from "./logic.ts";
import { print, printf, println } from "./print.ts";

/** The functions that every template has. */
export const BUILTINS: FunctionTable = functionTable(
  and,
  call,
  eq,
  ge,
  gt,
  html,
  index,
  js,
  le,
  len,
  lt,
  ne,
  not,
  or,
  print,
  printf,
  println,
  slice,
  urlquery,
);
