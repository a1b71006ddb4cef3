import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { fieldSchema, type Schema } from "../schema/schema.ts";

/** How a value is taken apart for ownership and merging. */
export type Shape =
  | { readonly kind: "leaf" }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Part> }
  | { readonly kind: "list"; readonly entries: ReadonlyMap<string, Part> };

export interface Part {
  readonly value: unknown;
  readonly schema: Schema | undefined;
  /** A declared field of a struct, as opposed to a key of a free map or a list item. */
  readonly declared: boolean;
}

const LEAF: Shape = { kind: "leaf" };

/** Takes a value apart by its schema. Without one, objects are owned key by key and lists as a whole. */
export function shapeOf(value: unknown, schema: Schema | undefined): Shape {
  if (isJsonObject(value)) {
    if (schema?.atomicMap === true || schema?.quantity === true || schema?.intOrString === true) return LEAF;
    const entries = new Map<string, Part>();
    for (const [key, child] of Object.entries(value)) {
      if (child === undefined) continue;
      const declared = schema?.properties?.has(key) === true;
      entries.set(`f:${key}`, { value: child, schema: fieldSchema(schema, key), declared });
    }
    return { kind: "map", entries };
  }
  if (!Array.isArray(value) || schema?.listType === undefined || schema.listType === "atomic") return LEAF;
  const entries = new Map<string, Part>();
  for (const item of value) entries.set(itemStep(item, schema), { value: item, schema: schema.items, declared: false });
  return { kind: "list", entries };
}

/** What identifies an item of a list that is owned item by item. */
export function itemStep(item: unknown, schema: Schema): string {
  if (schema.listType === "set" || !isJsonObject(item)) return `v:${JSON.stringify(item)}`;
  const keys: JsonObject = {};
  for (const key of [...(schema.listMapKeys ?? [])].sort()) {
    const value = item[key] ?? schema.items?.properties?.get(key)?.default;
    if (value !== undefined) keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}
