import type { MergeSchema } from "../../src/objects/index.ts";
import type { Schema } from "./schema.ts";

/** The view of a schema that strategic merge asks for. */
export function mergeSchema(schema: Schema | undefined): MergeSchema | undefined {
  if (schema === undefined) return undefined;
  return {
    mergeKey: schema.mergeKey,
    strategies: schema.strategies,
    field: (name) => mergeSchema(schema.properties?.get(name)),
    item: () => mergeSchema(schema.items ?? schema.additionalProperties),
  };
}
