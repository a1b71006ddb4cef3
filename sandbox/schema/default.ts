import { cloneJson, isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import type { Schema } from "./schema.ts";

/**
 * Sets the defaults of a custom resource's schema, in place. A null where null is not allowed counts as absent: it
 * becomes the default or is dropped.
 */
export function defaultCustom(object: JsonObject, schema: Schema): void {
  for (const [key, below] of schema.properties ?? []) {
    const value = object[key];
    if (value === null && below.nullable !== true) {
      if (below.default !== undefined) object[key] = cloneJson(below.default);
      else delete object[key];
    } else if (value === undefined && below.default !== undefined) {
      object[key] = cloneJson(below.default);
    }
  }
  for (const [key, value] of Object.entries(object)) {
    const below = schema.properties?.get(key) ?? schema.additionalProperties;
    if (below !== undefined) defaultValue(value, below);
  }
}

function defaultValue(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const item of value) defaultValue(item, items);
  } else if (isJsonObject(value)) {
    defaultCustom(value, schema);
  }
}
