import { quote } from "../fmt/quote.ts";
import { GoError } from "../value/go-error.ts";
import type { GoMethod } from "../value/go-value.ts";
import { GoInt, GoMap, GoObject, GoSlice, type GoValue, NO_VALUE, NoValue } from "../value/go-value.ts";
import { typeName, zeroOf } from "../value/reflection.ts";
import { type Callable, type CallSite, callMethod } from "./call.ts";
import type { Dot, Run } from "./run.ts";

/** `.name` of a value: a method, a field, or an entry of a map. `run.boxed` says how the receiver was found. */
export function evaluateField(
  run: Run,
  dot: Dot,
  receiver: GoValue,
  site: CallSite,
  final: GoValue | undefined,
): GoValue {
  const { name } = site;
  if (receiver instanceof NoValue) {
    if (run.options.missingKey === "error") run.fail(`nil data; no entry for key ${quote(name)}`);
    run.boxed = false;
    return NO_VALUE;
  }
  if (receiver === null) return run.fail(`nil pointer evaluating interface {}.${name}`);
  const method = methodOf(receiver, name);
  if (method !== undefined) return callMethod(run, dot, method, site, final);
  const hasArguments = site.args.length > 0 || final !== undefined;
  if (receiver instanceof GoMap) {
    if (hasArguments) run.fail(`${name} is not a method but has arguments`);
    return entryOf(run, receiver, name);
  }
  if (receiver instanceof GoObject) {
    const field = receiver.type.fields?.get(name);
    if (field !== undefined) {
      if (receiver.isNil) run.fail(`nil pointer evaluating ${staticType(run, receiver)}.${name}`);
      if (hasArguments) run.fail(`${name} has arguments but cannot be invoked as function`);
      run.boxed = field.type === "interface {}";
      return field.read(receiver.state);
    }
  }
  return run.fail(`can't evaluate field ${name} in type ${staticType(run, receiver)}`);
}

function entryOf(run: Run, map: GoMap, name: string): GoValue {
  const found = map.entries.get(name);
  run.boxed = map.elem === "interface {}";
  if (found !== undefined) return found;
  switch (run.options.missingKey) {
    case "zero":
      return zeroOf(map.elem);
    case "error":
      return run.fail(`map has no entry for key ${quote(name)}`);
    default:
      run.boxed = false;
      return NO_VALUE;
  }
}

const staticType = (run: Run, value: GoValue) => (run.boxed ? "interface {}" : typeName(value));

/** A method of a value that has a named type. */
function methodOf(receiver: GoValue, name: string): Callable | undefined {
  if (receiver instanceof GoObject) {
    const method = receiver.type.methods?.get(name);
    if (method === undefined) return undefined;
    if (!receiver.isNil) return bound(method, receiver.state);
    return { ...bound(method, receiver.state), invoke: () => refuseNil(receiver, name) };
  }
  if (receiver instanceof GoInt) return boundIfAny(receiver.named?.methods?.get(name), receiver);
  if (receiver instanceof GoMap) return boundIfAny(receiver.named?.methods?.get(name), receiver);
  return receiver instanceof GoSlice ? boundIfAny(receiver.named?.methods?.get(name), receiver) : undefined;
}

function boundIfAny<Receiver>(method: GoMethod<Receiver> | undefined, receiver: Receiver): Callable | undefined {
  return method === undefined ? undefined : bound(method, receiver);
}

function bound<Receiver>(method: GoMethod<Receiver>, receiver: Receiver): Callable {
  return {
    params: method.params,
    variadic: method.variadic,
    invoke: (args, run) => method.call(receiver, args, run),
  };
}

function refuseNil(receiver: GoObject, name: string): never {
  const type = receiver.type.name.replace(/^\*/, "");
  throw new GoError(`value method ${type}.${name} called using nil *${type.replace(/^.*\./, "")} pointer`);
}
