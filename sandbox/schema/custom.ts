import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { readExtensions } from "./builtin.ts";
import type { Schema, SchemaRules } from "./schema.ts";

const TYPES = ["object", "array", "string", "integer", "number", "boolean"] as const;
const MAX_DEPTH = 100;

/** Reads an `openAPIV3Schema` of a CustomResourceDefinition. */
export function readCustomSchema(raw: unknown, depth = 0): Schema {
  if (!isJsonObject(raw) || depth > MAX_DEPTH) return { preserveUnknown: true };
  const node: Schema = readExtensions(raw);
  const below = (value: unknown) => readCustomSchema(value, depth + 1);
  const type = TYPES.find((known) => known === raw["type"]);
  if (type !== undefined) node.type = type;
  if (typeof raw["format"] === "string") node.format = raw["format"];
  if (raw["nullable"] === true) node.nullable = true;
  if (raw["default"] !== undefined) node.default = raw["default"];
  if (Array.isArray(raw["required"])) node.required = raw["required"].filter((name) => typeof name === "string");
  if (isJsonObject(raw["properties"])) {
    node.properties = new Map(Object.entries(raw["properties"]).map(([name, value]) => [name, below(value)]));
  }
  const free = raw["additionalProperties"];
  if (isJsonObject(free)) node.additionalProperties = below(free);
  else if (free === true) node.additionalProperties = { preserveUnknown: true };
  if (isJsonObject(raw["items"])) node.items = below(raw["items"]);
  const rules = readRules(raw, below);
  if (Object.keys(rules).length > 0) node.rules = rules;
  return node;
}

const NUMBERS = [
  "minimum",
  "maximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
] as const;

function readRules(raw: JsonObject, below: (value: unknown) => Schema): SchemaRules {
  const rules: SchemaRules = {};
  for (const name of NUMBERS) {
    const value = raw[name];
    if (typeof value === "number") rules[name] = value;
  }
  if (Array.isArray(raw["enum"])) rules.enum = raw["enum"];
  if (typeof raw["pattern"] === "string") rules.pattern = raw["pattern"];
  for (const name of ["exclusiveMinimum", "exclusiveMaximum", "uniqueItems"] as const) {
    if (raw[name] === true) rules[name] = true;
  }
  for (const name of ["allOf", "anyOf", "oneOf"] as const) {
    const value = raw[name];
    if (Array.isArray(value)) rules[name] = value.map(below);
  }
  if (isJsonObject(raw["not"])) rules.not = below(raw["not"]);
  return rules;
}
