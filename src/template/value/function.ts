import { GoFunction, type GoValue, type ParamType, type ParamValues } from "./go-value.ts";
import type { Host } from "./host.ts";

type Fixed<Params extends readonly ParamType[]> = { -readonly [At in keyof Params]: ParamValues[Params[At]] };

type Arguments<Params extends readonly ParamType[], Variadic extends ParamType | undefined> = [
  ...Fixed<Params>,
  ...(Variadic extends ParamType ? ParamValues[Variadic][] : []),
];

/** A function in the form in which it is written: arguments typed by its parameters. */
export interface FunctionDefinition<
  Params extends readonly ParamType[],
  Variadic extends ParamType | undefined = undefined,
> {
  /** The name in templates. */
  readonly name: string;
  /** Go types of the fixed parameters. */
  readonly params: Params;
  /** Go type of the parameters after them, if there may be any number. */
  readonly variadic?: Variadic;
  /** Go's text of the whole type: only for functions that are values, which templates may print. */
  readonly type?: string;
  /** @throws GoError for the `error` (or panic) of the Go function */
  call(args: Arguments<Params, Variadic>, host: Host): GoValue;
}

/** Makes a template function: `defineFunction({ name: "upper", params: ["string"], call: ([text]) => … })`. */
export function defineFunction<
  const Params extends readonly ParamType[],
  const Variadic extends ParamType | undefined = undefined,
>(definition: FunctionDefinition<Params, Variadic>): GoFunction {
  return new GoFunction(definition);
}

/** Functions by their names in templates. */
export type FunctionTable = ReadonlyMap<string, GoFunction>;

/** A table of these functions; a later one replaces an earlier one of the same name. */
export function functionTable(...functions: readonly (GoFunction | FunctionTable)[]): FunctionTable {
  const table = new Map<string, GoFunction>();
  for (const entry of functions) {
    if (entry instanceof GoFunction) table.set(entry.name, entry);
    else for (const [name, found] of entry) table.set(name, found);
  }
  return table;
}
