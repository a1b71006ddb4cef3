import { and, call, or } from "../builtins/logic.ts";
import type { Node } from "../parse/node.ts";
import { GoError, LimitReached } from "../value/go-error.ts";
import { GoFunction, type GoValue, NoValue, type ParamType } from "../value/go-value.ts";
import { truth, typeName } from "../value/reflection.ts";
import { converted, prepared } from "./conversion.ts";
import type { Dot, Run } from "./run.ts";

/** Evaluates an argument for a parameter of a type. */
export type Argument = (run: Run, dot: Dot, type: ParamType) => GoValue;

/** What is called: a function, or a method with its receiver. */
export interface Callable {
  readonly params: readonly ParamType[];
  readonly variadic?: ParamType | undefined;
  invoke(args: readonly GoValue[], run: Run): GoValue;
}

/** One call in a template. */
export interface CallSite {
  readonly name: string;
  /** The node that errors of the function are reported at. */
  readonly node: Node;
  readonly args: readonly Argument[];
  /** The source of each argument, for `call`. */
  readonly texts: readonly string[];
}

/** Calls a function of a table. `final` is what comes through the pipe. */
export function callFunction(
  run: Run,
  dot: Dot,
  target: GoFunction,
  site: CallSite,
  final: GoValue | undefined,
): GoValue {
  if (target === and || target === or) return shortCircuit(run, dot, target, site, final);
  const { params, variadic } = target;
  const args = argumentsFor(run, dot, { params, variadic }, site, final);
  if (target === call) {
    const name = site.texts[0] ?? `<${typeName(final ?? null)} Value>`;
    return guarded(run, site, () => callValue(run, name, args));
  }
  return guarded(run, site, () => target.call(args, run));
}

/** Calls a method. */
export function callMethod(run: Run, dot: Dot, target: Callable, site: CallSite, final: GoValue | undefined): GoValue {
  const args = argumentsFor(run, dot, target, site, final);
  return guarded(run, site, () => target.invoke(args, run));
}

function checkCount(run: Run, target: Pick<Callable, "params" | "variadic">, site: CallSite, given: number): void {
  const wanted = target.params.length;
  if (target.variadic !== undefined) {
    if (given < wanted) {
      run.fail(`wrong number of args for ${site.name}: want at least ${wanted} got ${site.args.length}`, blame(site));
    }
  } else if (given !== wanted)
    run.fail(`wrong number of args for ${site.name}: want ${wanted} got ${given}`, blame(site));
}

function argumentsFor(
  run: Run,
  dot: Dot,
  target: Pick<Callable, "params" | "variadic">,
  site: CallSite,
  final: GoValue | undefined,
): GoValue[] {
  const { params, variadic = "interface {}" } = target;
  checkCount(run, target, site, site.args.length + (final === undefined ? 0 : 1));
  run.step(site.args.length);
  const args: GoValue[] = [];
  const before = run.callee;
  for (const [at, argument] of site.args.entries()) {
    run.callee = site.name;
    args.push(argument(run, dot, params[at] ?? variadic));
  }
  if (final !== undefined) {
    run.callee = site.name;
    const last = target.variadic === undefined ? params.at(-1) : params[args.length];
    args.push(converted(run, final, last ?? variadic));
  }
  run.callee = before;
  return args;
}

/** `and` and `or` evaluate no more arguments than they need. */
function shortCircuit(run: Run, dot: Dot, target: GoFunction, site: CallSite, final: GoValue | undefined): GoValue {
  checkCount(run, target, site, site.args.length + (final === undefined ? 0 : 1));
  run.step(site.args.length);
  let value: GoValue = null;
  for (const argument of site.args) {
    value = argument(run, dot, "reflect.Value");
    if (truth(value) === (target === or)) return value;
  }
  return final ?? value;
}

function callValue(run: Run, name: string, [callee = null, ...rest]: readonly GoValue[]): GoValue {
  if (callee === null || callee instanceof NoValue) throw new GoError("call of nil");
  if (!(callee instanceof GoFunction)) throw new GoError(`non-function ${name} of type ${typeName(callee)}`);
  const { params, variadic } = callee;
  if (variadic !== undefined) {
    if (rest.length < params.length) {
      throw new GoError(`wrong number of args for ${name}: got ${rest.length} want at least ${params.length}`);
    }
  } else if (rest.length !== params.length) {
    throw new GoError(`wrong number of args for ${name}: got ${rest.length} want ${params.length}`);
  }
  const args = rest.map((value, at) => {
    const ready = prepared(value, params[at] ?? variadic ?? "interface {}");
    if (isComplaint(ready)) throw new GoError(`arg ${at}: ${ready.complaint}`);
    return ready;
  });
  return callee.call(args, run);
}

function isComplaint(value: GoValue | { readonly complaint: string }): value is { readonly complaint: string } {
  return typeof value === "object" && value !== null && "complaint" in value;
}

/** Runs a function's own code; what it throws becomes an error at the call. */
function guarded(run: Run, site: CallSite, body: () => GoValue): GoValue {
  run.step();
  try {
    const value = body();
    run.boxed = false;
    return value;
  } catch (error) {
    if (error instanceof GoError) {
      run.node = site.node;
      return run.fail(`error calling ${site.name}: ${error.message}`, {
        code: "TEMPLATE_FUNCTION",
        function: site.name,
      });
    }
    if (error instanceof LimitReached) {
      run.node = site.node;
      return run.failAtLimit(error.limit);
    }
    throw error;
  }
}

const blame = (site: CallSite) => ({ code: "TEMPLATE_EXECUTE", function: site.name }) as const;
