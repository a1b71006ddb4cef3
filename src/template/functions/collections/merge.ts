import { defineFunction } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import { GoComplex, type GoFunction, GoMap, GoObject, type GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { dict } from "../../value/make.ts";
import { kind, truth, typeName } from "../../value/reflection.ts";
import { deeper } from "./depth.ts";

/**
 * Merging of dicts into the first one, which is changed; dicts inside it, too. Lists are not merged but taken whole.
 *
 * Source: the behaviour of dario.cat/mergo 1.0.1 on maps.
 */
export const mergeFunctions: readonly GoFunction[] = [
  ...(["merge", "mustMerge"] as const).map((name) => mergeFunction(name, false)),
  ...(["mergeOverwrite", "mustMergeOverwrite"] as const).map((name) => mergeFunction(name, true)),
];

function mergeFunction(name: string, overwrite: boolean): GoFunction {
  return defineFunction({
    name,
    params: ["map[string]interface {}"],
    variadic: "map[string]interface {}",
    call: ([first, ...others], host) => {
      const target = first.isNil && others.some((other) => !other.isNil) ? dict() : first;
      try {
        for (const other of others) mergeMaps(target, other, { overwrite, host }, 0);
      } catch (error) {
        if (error instanceof NotMergeable && !name.startsWith("must")) return "";
        throw error;
      }
      return target;
    },
  });
}

interface Merging {
  /** Whether a value that is there gives way to one of the same key. */
  readonly overwrite: boolean;
  readonly host: Host;
}

/** The only failure of a merge that `merge` hides: it gives an empty text then. Others are panics. */
class NotMergeable extends GoError {}

function mergeMaps(target: GoMap, source: GoMap, merging: Merging, depth: number): void {
  for (const [key, value] of [...source.entries]) {
    merging.host.step();
    const present = target.entries.get(key);
    if (value === null) {
      if (merging.overwrite) assign(target, key, value, source.elem);
      continue;
    }
    const found = kind(value);
    if (found === "map" || found === "struct" || found === "ptr") mergeInto(present, value, merging, deeper(depth));
    // Only now: the merge may have filled an empty dict.
    const isSet = present !== undefined && !isZero(present);
    const isMerged = isSet && present instanceof GoMap && value instanceof GoMap;
    if (found === "slice") checkAssignable(target, present, typeName(value));
    if (!isMerged && (merging.overwrite || !isSet)) assign(target, key, value, source.elem);
  }
}

/** Merges dicts that are values; of other pairs some cannot be merged at all. */
function mergeInto(present: GoValue | undefined, value: GoValue, merging: Merging, depth: number): void {
  if (present instanceof GoMap) {
    if (value instanceof GoMap && !present.isNil) mergeMaps(present, value, merging, depth);
  } else if (present instanceof GoObject) {
    const found = kind(value);
    const isStruct = present.type.kind === "struct";
    if (isStruct && (present.type.fields?.size ?? 0) > 0 && found !== "struct") {
      throw new GoError(`reflect: call of reflect.Value.Field on ${found} Value`);
    }
    if (!isStruct && found !== "ptr" && !merging.overwrite) {
      throw new NotMergeable("src and dst must be of same type");
    }
  }
}

function assign(target: GoMap, key: string, value: GoValue, type: string): void {
  if (target.elem !== "interface {}" && target.elem !== type) throw notAssignable(type, target);
  target.entries.set(key, value);
}

function checkAssignable(target: GoMap, present: GoValue | undefined, type: string): void {
  if (target.elem === "interface {}") return;
  if (present !== undefined) throw new GoError(`reflect: call of reflect.Value.IsNil on ${kind(present)} Value`);
  throw notAssignable(type, target);
}

function notAssignable(type: string, target: GoMap): GoError {
  return new GoError(`reflect.Value.SetMapIndex: value of type ${type} is not assignable to type ${target.elem}`);
}

/** What counts as not set: unlike for `empty`, complex numbers always are. */
function isZero(value: GoValue): boolean {
  if (value instanceof GoObject) return value.isNil;
  return !(value instanceof GoComplex) && !truth(value);
}
