import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { omittedZeros, writtenZeros } from "../protobuf/messages.ts";
import type { ListType, Schema } from "./schema.ts";

const TYPES = ["object", "array", "string", "integer", "number", "boolean"] as const;
const LIST_TYPES: readonly ListType[] = ["atomic", "set", "map"];

/** Definitions whose OpenAPI form says less than the server knows. */
const SPECIAL: Readonly<Record<string, Schema>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { quantity: true },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { intOrString: true },
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": { type: "object", preserveUnknown: true, atomicMap: true },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": { type: "object", preserveUnknown: true },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": { preserveUnknown: true },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": { preserveUnknown: true },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": { preserveUnknown: true },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": { preserveUnknown: true },
};

/** Schemas of the built-in kinds by definition name, from the OpenAPI definitions of an API server. */
export function readDefinitions(definitions: JsonObject): ReadonlyMap<string, Schema> {
  const named = new Map<string, Schema>();
  const refined: { node: Schema; target: string; own: Schema }[] = [];
  const placeholder = (name: string): Schema => {
    const known = named.get(name) ?? { typeName: name.split(".").slice(-2).join("."), ...SPECIAL[name] };
    named.set(name, known);
    return known;
  };
  const read = (raw: unknown): Schema => {
    if (!isJsonObject(raw)) return { preserveUnknown: true };
    const target = raw["$ref"];
    const own = readNode(raw, read);
    if (typeof target !== "string") return own;
    if (Object.keys(own).length === 0) return placeholder(target);
    const node: Schema = {};
    refined.push({ node, target, own });
    return node;
  };
  for (const [name, raw] of Object.entries(definitions)) {
    if (SPECIAL[name] !== undefined) continue;
    const message = name.split(".").slice(-3).join(".");
    Object.assign(placeholder(name), read(raw), { omitted: omittedZeros(message), always: writtenZeros(message) });
  }
  for (const { node, target, own } of refined) Object.assign(node, placeholder(target), own);
  return named;
}

function readNode(raw: JsonObject, read: (raw: unknown) => Schema): Schema {
  const node: Schema = {};
  const type = TYPES.find((known) => known === raw["type"]);
  if (type !== undefined) node.type = type;
  if (typeof raw["format"] === "string") node.format = raw["format"];
  if (isJsonObject(raw["properties"])) {
    node.properties = new Map(Object.entries(raw["properties"]).map(([name, child]) => [name, read(child)]));
  }
  if (raw["additionalProperties"] !== undefined) node.additionalProperties = read(raw["additionalProperties"]);
  if (raw["items"] !== undefined) node.items = read(raw["items"]);
  if (Array.isArray(raw["required"])) node.required = raw["required"].filter((name) => typeof name === "string");
  if (raw["default"] !== undefined) node.default = raw["default"];
  return Object.assign(node, readExtensions(raw));
}

/** The `x-kubernetes-*` keys that both OpenAPI documents and CustomResourceDefinitions use. */
export function readExtensions(raw: JsonObject): Schema {
  const node: Schema = {};
  if (raw["x-struct"] === true) node.struct = true;
  const listType = LIST_TYPES.find((known) => known === raw["x-kubernetes-list-type"]);
  if (listType !== undefined) node.listType = listType;
  const keys = raw["x-kubernetes-list-map-keys"];
  if (Array.isArray(keys)) node.listMapKeys = keys.filter((key) => typeof key === "string");
  if (raw["x-kubernetes-map-type"] === "atomic") node.atomicMap = true;
  if (typeof raw["x-kubernetes-patch-merge-key"] === "string") node.mergeKey = raw["x-kubernetes-patch-merge-key"];
  const strategy = raw["x-kubernetes-patch-strategy"];
  if (typeof strategy === "string") node.strategies = strategy.split(",");
  if (raw["x-kubernetes-int-or-string"] === true) node.intOrString = true;
  if (raw["x-kubernetes-preserve-unknown-fields"] === true) node.preserveUnknown = true;
  if (raw["x-kubernetes-embedded-resource"] === true) node.embeddedResource = true;
  return node;
}
