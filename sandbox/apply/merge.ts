import { cloneJson, isJsonObject, type JsonObject, setKey } from "../../src/objects/index.ts";
import { fieldSchema, type Schema } from "../schema/schema.ts";
import { FieldSet } from "./field-set.ts";
import { itemStep, shapeOf } from "./shape.ts";

/** The live object with an applied configuration laid over it. Neither is changed. */
export function mergeApplied(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  const shape = shapeOf(applied, schema);
  if (shape.kind === "leaf" || live === undefined || live === null) return cloneJson(applied);
  if (shape.kind === "map" && isJsonObject(live) && isJsonObject(applied)) {
    const merged: JsonObject = {};
    for (const [key, value] of Object.entries(live)) setKey(merged, key, cloneJson(value));
    for (const [key, value] of Object.entries(applied)) {
      if (value !== undefined) setKey(merged, key, mergeApplied(live[key], value, fieldSchema(schema, key)));
    }
    return merged;
  }
  if (Array.isArray(live) && Array.isArray(applied) && schema !== undefined) return mergeLists(live, applied, schema);
  return cloneJson(applied);
}

/** Applied items in their order; items that only the server has keep their place before the next common item. */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], schema: Schema): unknown[] {
  const wanted = new Set(applied.map((item) => itemStep(item, schema)));
  const known = new Map(live.map((item) => [itemStep(item, schema), item]));
  const merged: unknown[] = [];
  let next = 0;
  const passOwn = (until: number): void => {
    for (; next < until; next += 1) {
      const item = live[next];
      if (!wanted.has(itemStep(item, schema))) merged.push(cloneJson(item));
    }
  };
  for (const item of applied) {
    const step = itemStep(item, schema);
    const old = known.get(step);
    if (old !== undefined) passOwn(live.indexOf(old) + 1);
    merged.push(mergeApplied(old, item, schema.items));
  }
  passOwn(live.length);
  return merged;
}

/**
 * Removes the fields of `removed` from `value`, in place, except those that are in `kept` or have something of `kept`
 * below them. Returns undefined when the value itself is gone.
 */
export function removeFields(value: unknown, removed: FieldSet, kept: FieldSet, schema: Schema | undefined): unknown {
  if (isJsonObject(value)) {
    for (const step of new Set([...removed.members, ...removed.children.keys()])) {
      const key = step.slice(2);
      if (!step.startsWith("f:") || !Object.hasOwn(value, key)) continue;
      const left = removeStep(value[key], step, removed, kept, fieldSchema(schema, key));
      if (left === GONE) delete value[key];
      else value[key] = left;
    }
    return value;
  }
  if (!Array.isArray(value) || schema === undefined) return value;
  return value.flatMap((item) => {
    const step = itemStep(item, schema);
    const left = removeStep(item, step, removed, kept, schema.items);
    return left === GONE ? [] : [left];
  });
}

const GONE = Symbol("gone");

function removeStep(
  value: unknown,
  step: string,
  removed: FieldSet,
  kept: FieldSet,
  schema: Schema | undefined,
): unknown {
  const keptBelow = kept.children.get(step);
  const isKept = kept.members.has(step) || (keptBelow !== undefined && !keptBelow.isEmpty);
  if (removed.members.has(step) && !isKept) return GONE;
  const below = removed.children.get(step);
  return below === undefined ? value : removeFields(value, below, keptBelow ?? new FieldSet(), schema);
}
