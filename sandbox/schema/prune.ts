import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import type { Schema } from "./schema.ts";

/**
 * Removes what a custom resource's schema does not specify, in place. `metadata` of the root and of embedded resources
 * is left to the caller.
 *
 * @returns paths of what was removed
 */
export function pruneCustom(object: JsonObject, schema: Schema): string[] {
  const removed: string[] = [];
  pruneObject(object, { ...schema, embeddedResource: true }, "", removed);
  return removed;
}

const OWN_FIELDS = new Set(["apiVersion", "kind", "metadata"]);

function pruneObject(object: JsonObject, schema: Schema, path: string, removed: string[]): void {
  for (const [key, value] of Object.entries(object)) {
    if (schema.embeddedResource === true && OWN_FIELDS.has(key)) continue;
    const place = path === "" ? key : `${path}.${key}`;
    const below = schema.properties?.get(key) ?? schema.additionalProperties;
    if (below !== undefined) pruneValue(value, below, place, removed);
    else if (schema.preserveUnknown !== true) {
      delete object[key];
      removed.push(place);
    }
  }
}

function pruneValue(value: unknown, schema: Schema, path: string, removed: string[]): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    for (const [index, item] of value.entries()) pruneValue(item, items, `${path}[${index}]`, removed);
  } else if (isJsonObject(value)) {
    pruneObject(value, schema, path, removed);
  }
}
