import type { JsonObject } from "../../src/objects/index.ts";
import type { ResourceType } from "../registry/resource-type.ts";

const METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** Name of a kind's definition in OpenAPI documents: the group backwards, the version, the kind. */
export function definitionName(type: ResourceType): string {
  if (type.definition !== undefined) return type.definition;
  return [...type.group.split(".").reverse(), type.version, type.kind].join(".");
}

/** The definition of a custom resource, from its structural schema. */
export function customDefinition(type: ResourceType): JsonObject {
  const { group, version, kind } = type;
  const definition = type.custom?.rawSchema ?? {};
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
