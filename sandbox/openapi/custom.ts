import type { JsonObject } from "../../src/objects/index.ts";
import type { ResourceType } from "../registry/resource-type.ts";
import type { Schema } from "../schema/schema.ts";

const METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** Name of a kind's definition in OpenAPI documents: the group backwards, the version, the kind. */
export function definitionName(type: ResourceType): string {
  if (type.definition !== undefined) return type.definition;
  return [...type.group.split(".").reverse(), type.version, type.kind].join(".");
}

/** The definition of a custom resource, from its structural schema. */
export function customDefinition(type: ResourceType): JsonObject {
  const { group, version, kind } = type;
  const definition = toOpenApi(type.schema);
  const properties = typeof definition["properties"] === "object" ? definition["properties"] : {};
  return {
    ...definition,
    type: "object",
    properties: {
      ...properties,
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { $ref: METADATA },
    },
    "x-kubernetes-group-version-kind": [{ group, version, kind }],
  };
}

function toOpenApi(schema: Schema): JsonObject {
  const node: JsonObject = {};
  if (schema.type !== undefined) node["type"] = schema.type;
  if (schema.format !== undefined) node["format"] = schema.format;
  if (schema.default !== undefined) node["default"] = schema.default;
  if (schema.required !== undefined) node["required"] = schema.required;
  if (schema.intOrString === true) node["x-kubernetes-int-or-string"] = true;
  if (schema.preserveUnknown === true) node["x-kubernetes-preserve-unknown-fields"] = true;
  if (schema.embeddedResource === true) node["x-kubernetes-embedded-resource"] = true;
  if (schema.listType !== undefined) node["x-kubernetes-list-type"] = schema.listType;
  if (schema.listMapKeys !== undefined) node["x-kubernetes-list-map-keys"] = schema.listMapKeys;
  if (schema.atomicMap === true) node["x-kubernetes-map-type"] = "atomic";
  if (schema.properties !== undefined) {
    node["properties"] = Object.fromEntries([...schema.properties].map(([name, child]) => [name, toOpenApi(child)]));
  }
  if (schema.additionalProperties !== undefined) node["additionalProperties"] = toOpenApi(schema.additionalProperties);
  if (schema.items !== undefined) node["items"] = toOpenApi(schema.items);
  return node;
}
