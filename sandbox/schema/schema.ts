/** How a list or a map is owned and merged; see the Kubernetes API concept "server-side apply". */
export type ListType = "atomic" | "set" | "map";

/**
 * One node of a structural schema: the same shape for built-in kinds (from the API's own OpenAPI document) and for
 * custom resources (from their CustomResourceDefinition), so that pruning, defaulting, validation, server-side apply
 * and strategic merge are each written once.
 */
export interface Schema {
  /** Built-in kinds: the name of the type, as error messages show it, e.g. `v1.Container`. */
  typeName?: string | undefined;
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean" | undefined;
  format?: string | undefined;
  nullable?: boolean | undefined;
  /** Whole number or text, e.g. a port or a percentage. */
  intOrString?: boolean | undefined;
  /** Text or number with a unit, e.g. `1Gi`. */
  quantity?: boolean | undefined;
  properties?: Map<string, Schema> | undefined;
  additionalProperties?: Schema | undefined;
  items?: Schema | undefined;
  required?: readonly string[] | undefined;
  default?: unknown;
  /** Built-in kinds: an object that is there even when it is empty. */
  struct?: boolean | undefined;
  /** Built-in kinds: fields whose zero value counts as absent, with that value. */
  omitted?: ReadonlyMap<string, unknown> | undefined;
  /** Built-in kinds: fields that are there even when they are zero, with that value. */
  always?: ReadonlyMap<string, unknown> | undefined;
  /** Unknown fields stay. */
  preserveUnknown?: boolean | undefined;
  /** The object carries its own apiVersion, kind and metadata. */
  embeddedResource?: boolean | undefined;
  listType?: ListType | undefined;
  listMapKeys?: readonly string[] | undefined;
  atomicMap?: boolean | undefined;
  mergeKey?: string | undefined;
  strategies?: readonly string[] | undefined;
  /** Checks beyond the structure; custom resources only. */
  rules?: SchemaRules | undefined;
}

/** Value validation of a custom resource's schema. */
export interface SchemaRules {
  enum?: readonly unknown[] | undefined;
  pattern?: string | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  exclusiveMinimum?: boolean | undefined;
  exclusiveMaximum?: boolean | undefined;
  multipleOf?: number | undefined;
  minLength?: number | undefined;
  maxLength?: number | undefined;
  minItems?: number | undefined;
  maxItems?: number | undefined;
  uniqueItems?: boolean | undefined;
  minProperties?: number | undefined;
  maxProperties?: number | undefined;
  allOf?: readonly Schema[] | undefined;
  anyOf?: readonly Schema[] | undefined;
  oneOf?: readonly Schema[] | undefined;
  not?: Schema | undefined;
}

/** Nothing is known about this value: it is kept as it is and owned field by field. */
export const ANYTHING: Schema = { preserveUnknown: true };

/** The schema of the field `name` of an object, if the object's schema knows it. */
export function fieldSchema(schema: Schema | undefined, name: string): Schema | undefined {
  return schema?.properties?.get(name) ?? schema?.additionalProperties;
}
