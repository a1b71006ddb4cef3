import type { JsonObject } from "../../src/objects/index.ts";
import { apiVersionOf, type ResourceType } from "../registry/resource-type.ts";

const PARAMETERS = ["dryRun", "fieldManager", "fieldValidation"].map((name) => ({
  name,
  in: "query",
  schema: { type: "string", uniqueItems: true },
}));

const PATCH_TYPES = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];

/** Paths of one resource with the operations that clients look for: which parameters and patch types it takes. */
export function operationsOf(type: ResourceType, definition: string): JsonObject {
  const { group, version, kind } = type;
  const root = group === "" ? "/api/v1" : `/apis/${apiVersionOf(type)}`;
  const collection = `${root}${type.namespaced ? "/namespaces/{namespace}" : ""}/${type.plural}`;
  const gvk = { "x-kubernetes-group-version-kind": { group, version, kind } };
  const has = (verb: string) => type.verbs.includes(verb);
  const content = (types: readonly string[]) => ({
    requestBody: { content: Object.fromEntries(types.map((name) => [name, { schema: { $ref: definition } }])) },
  });
  const patchTypes =
    type.custom === undefined ? [...PATCH_TYPES, "application/strategic-merge-patch+json"] : PATCH_TYPES;
  return {
    [collection]: {
      ...(has("list") ? { get: { "x-kubernetes-action": "list", ...gvk } } : {}),
      ...(has("create") ? { post: { "x-kubernetes-action": "post", ...gvk, parameters: PARAMETERS } } : {}),
    },
    [`${collection}/{name}`]: {
      ...(has("get") ? { get: { "x-kubernetes-action": "get", ...gvk } } : {}),
      ...(has("update") ? { put: { "x-kubernetes-action": "put", ...gvk, parameters: PARAMETERS } } : {}),
      ...(has("patch")
        ? {
            patch: {
              "x-kubernetes-action": "patch",
              ...gvk,
              parameters: [...PARAMETERS, { name: "force", in: "query", schema: { type: "boolean" } }],
              ...content(patchTypes),
            },
          }
        : {}),
      ...(has("delete") ? { delete: { "x-kubernetes-action": "delete", ...gvk } } : {}),
    },
  };
}
