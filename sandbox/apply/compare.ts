import { equalJson, isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import type { Schema } from "../schema/schema.ts";
import { FieldSet } from "./field-set.ts";
import { shapeOf } from "./shape.ts";

/** The fields that a value sets: leaves, list items, keys of free maps, and empty objects. */
export function fieldsOf(value: unknown, schema: Schema | undefined): FieldSet {
  const set = new FieldSet();
  collect(value, schema, [], set);
  return set;
}

function collect(value: unknown, schema: Schema | undefined, path: readonly string[], set: FieldSet): void {
  const shape = shapeOf(value, schema);
  if (shape.kind === "leaf") {
    set.insert(path);
    return;
  }
  for (const [step, part] of shape.entries) {
    const below = [...path, step];
    collect(part.value, part.schema, below, set);
    const empty = part.value === null || (isJsonObject(part.value) && Object.keys(part.value).length === 0);
    if (!part.declared || empty) set.insert(below);
  }
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** What differs between two states of an object. */
export function compare(before: unknown, after: unknown, schema: Schema | undefined): Comparison {
  const result = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  walk(before, after, schema, [], result);
  return result;
}

function walk(
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
  path: readonly string[],
  result: Comparison,
): void {
  if (before === undefined && path.length > 0) result.added.insert(path);
  if (after === undefined && path.length > 0) result.removed.insert(path);
  const left = shapeOf(before ?? null, schema);
  const right = shapeOf(after ?? null, schema);
  if (left.kind === "leaf" && right.kind === "leaf") {
    if (before !== undefined && after !== undefined && !equalJson(before, after)) result.modified.insert(path);
    return;
  }
  const none = new Map<string, never>();
  const old = left.kind === "leaf" ? none : left.entries;
  const now = right.kind === "leaf" ? none : right.entries;
  for (const step of new Set([...old.keys(), ...now.keys()])) {
    const part = now.get(step) ?? old.get(step);
    walk(old.get(step)?.value, now.get(step)?.value, part?.schema, [...path, step], result);
  }
}

/** What an object of a built-in kind holds when nothing was set: structs, and fields that are always written. */
export function emptyObject(schema: Schema, depth = 0): JsonObject {
  const empty: JsonObject = Object.fromEntries(schema.always ?? []);
  if (depth > 20) return empty;
  for (const [name, field] of schema.properties ?? []) {
    if (field.struct === true && field.properties !== undefined) empty[name] = emptyObject(field, depth + 1);
  }
  return empty;
}
