import { sprintf } from "../../../src/template/fmt/print.ts";
import { GoError } from "../../../src/template/value/go-error.ts";
import type { GoFunction, GoValue } from "../../../src/template/value/go-value.ts";
import type { Host } from "../../../src/template/value/host.ts";
import { dict, int, list } from "../../../src/template/value/make.ts";

/** An argument in a table: whole numbers up to 2^53 are ints, others floats; arrays are lists, plain objects dicts. */
export type TableArgument =
  | null
  | boolean
  | number
  | string
  | GoValue
  | readonly TableArgument[]
  | { readonly [key: string]: TableArgument };

/** One row: function, arguments, and what Sprig gave for them: `TYPE GO-SYNTAX`, or `error: TEXT`. */
export type FunctionRow = readonly [name: string, args: readonly TableArgument[], want: string];

/** A host without limits, at the beginning of time. */
export const quietHost: Host = {
  nowNanoseconds: () => 0n,
  randomBytes: (count) => new Uint8Array(count),
  spend() {},
  step() {},
};

/** What a call gives, written as in {@link FunctionRow}. */
export function answerOf(
  table: ReadonlyMap<string, GoFunction>,
  name: string,
  args: readonly TableArgument[],
  host: Host = quietHost,
): string {
  const called = table.get(name);
  if (called === undefined) throw new TypeError(`no function ${name}`);
  try {
    const result = called.call(args.map(goValue), host);
    return sprintf("%T %#v", [result, result], host);
  } catch (error) {
    if (error instanceof GoError) return `error: ${error.message}`;
    throw error;
  }
}

/** The Go value of an argument in a table. */
export function goValue(argument: TableArgument): GoValue {
  if (typeof argument === "number") return Number.isSafeInteger(argument) ? int(argument) : argument;
  if (Array.isArray(argument)) return list(argument.map(goValue));
  if (typeof argument !== "object" || argument === null) return argument;
  if (Object.getPrototypeOf(argument) !== Object.prototype) return argument as GoValue;
  return dict(Object.entries(argument).map(([key, value]) => [key, goValue(value)] as const));
}
