import { RE2JS } from "re2js";
import { equalJson, isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { itemStep } from "../apply/shape.ts";
import { duplicate, invalidValue, notSupported, required, tooLong } from "../kinds/causes.ts";
import type { Cause } from "../status.ts";
import type { Schema, SchemaRules } from "./schema.ts";

/** More causes than this are not collected. */
const MAX_CAUSES = 100;

/** What is wrong with a custom resource by the schema of its definition. Metadata is validated elsewhere. */
export function validateCustom(object: JsonObject, schema: Schema): Cause[] {
  const causes: Cause[] = [];
  const { metadata: _metadata, ...rest } = object;
  check(rest, withoutMetadata(schema), "", causes);
  return causes.slice(0, MAX_CAUSES);
}

function withoutMetadata(schema: Schema): Schema {
  const properties = new Map(schema.properties);
  properties.delete("metadata");
  const requiredFields = schema.required?.filter((name) => !["metadata", "apiVersion", "kind"].includes(name));
  return { ...schema, properties, required: requiredFields };
}

function check(value: unknown, schema: Schema, path: string, causes: Cause[]): void {
  if (causes.length > MAX_CAUSES) return;
  if (value === null) {
    if (schema.nullable !== true && schema.type !== undefined) causes.push(typeError(path, "null", schema.type));
    return;
  }
  if (schema.intOrString === true && typeof value !== "string" && !Number.isInteger(value)) {
    causes.push(typeError(path, typeName(value), "integer,string"));
    return;
  }
  if (schema.type !== undefined && !hasType(value, schema.type)) {
    causes.push(typeError(path, typeName(value), schema.type));
    return;
  }
  if (isJsonObject(value)) checkObject(value, schema, path, causes);
  else if (Array.isArray(value)) checkList(value, schema, path, causes);
  if (schema.format !== undefined && typeof value === "string") checkFormat(value, schema.format, path, causes);
  if (schema.rules !== undefined) checkRules(value, schema.rules, path, causes);
}

const join = (path: string, key: string) => (path === "" ? key : `${path}.${key}`);

function checkObject(value: JsonObject, schema: Schema, path: string, causes: Cause[]): void {
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) causes.push(required(join(path, name)));
  }
  for (const [key, child] of Object.entries(value)) {
    const below = schema.properties?.get(key) ?? schema.additionalProperties;
    if (below !== undefined) check(child, below, join(path, key), causes);
  }
}

function checkList(value: readonly unknown[], schema: Schema, path: string, causes: Cause[]): void {
  const { items } = schema;
  if (items !== undefined) {
    for (const [index, item] of value.entries()) check(item, items, `${path}[${index}]`, causes);
  }
  if (schema.listType !== "map" && schema.listType !== "set") return;
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const step = itemStep(item, schema);
    const shown: unknown = step.startsWith("k:") ? JSON.parse(step.slice(2)) : item;
    if (seen.has(step)) causes.push(duplicate(`${path}[${index}]`, shown));
    seen.add(step);
  }
}

function hasType(value: unknown, type: NonNullable<Schema["type"]>): boolean {
  switch (type) {
    case "object":
      return isJsonObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return value === null ? "null" : typeof value;
}

function typeError(field: string, got: string, wanted: string): Cause {
  const message = `Invalid value: ${JSON.stringify(got)}: ${field} in body must be of type ${wanted}: ${JSON.stringify(got)}`;
  return { reason: "FieldValueTypeInvalid", message, field };
}

const FORMATS: Readonly<Record<string, RegExp>> = {
  "date-time": /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  uuid: /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/,
  email: /^[^@\s]+@[^@\s]+$/,
  uri: /^[A-Za-z][A-Za-z0-9+.-]*:/,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
};

function checkFormat(value: string, format: string, path: string, causes: Cause[]): void {
  const pattern = FORMATS[format];
  if (pattern === undefined || pattern.test(value)) return;
  causes.push(invalidValue(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`));
}

function checkRules(value: unknown, rules: SchemaRules, path: string, causes: Cause[]): void {
  if (typeof value === "number") checkNumber(value, rules, path, causes);
  else if (typeof value === "string") checkText(value, rules, path, causes);
  else if (Array.isArray(value)) checkCount(value, rules, path, causes);
  else if (isJsonObject(value)) checkProperties(value, rules, path, causes);
  if (rules.enum !== undefined && !rules.enum.some((allowed) => equalJson(allowed, value))) {
    causes.push(unsupported(path, value, rules.enum));
  }
  checkCombinations(value, rules, path, causes);
}

function unsupported(path: string, value: unknown, allowed: readonly unknown[]): Cause {
  if (allowed.every((each) => typeof each === "string")) {
    const cause = notSupported(path, value, []);
    const listed = allowed.map((each) => JSON.stringify(each)).join(", ");
    return { ...cause, message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${listed}` };
  }
  return notSupported(path, value, allowed.map(String));
}

function checkNumber(value: number, rules: SchemaRules, path: string, causes: Cause[]): void {
  const { minimum, maximum, multipleOf } = rules;
  const say = (why: string) => causes.push(invalidValue(path, value, `${path} in body should be ${why}`));
  if (minimum !== undefined) {
    if (rules.exclusiveMinimum === true ? value <= minimum : value < minimum) {
      say(`greater than ${rules.exclusiveMinimum === true ? "" : "or equal to "}${minimum}`);
    }
  }
  if (maximum !== undefined) {
    if (rules.exclusiveMaximum === true ? value >= maximum : value > maximum) {
      say(`less than ${rules.exclusiveMaximum === true ? "" : "or equal to "}${maximum}`);
    }
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) say(`a multiple of ${multipleOf}`);
}

function checkText(value: string, rules: SchemaRules, path: string, causes: Cause[]): void {
  const length = [...value].length;
  if (rules.maxLength !== undefined && length > rules.maxLength) causes.push(tooLong(path, rules.maxLength));
  if (rules.minLength !== undefined && length < rules.minLength) {
    causes.push(invalidValue(path, value, `${path} in body should be at least ${rules.minLength} chars long`));
  }
  if (rules.pattern !== undefined && !matches(rules.pattern, value)) {
    causes.push(invalidValue(path, value, `${path} in body should match '${rules.pattern}'`));
  }
}

function checkCount(value: readonly unknown[], rules: SchemaRules, path: string, causes: Cause[]): void {
  const count = value.length;
  if (rules.maxItems !== undefined && count > rules.maxItems) {
    const message = `Too many: ${count}: must have at most ${rules.maxItems} items`;
    causes.push({ reason: "FieldValueTooMany", message, field: path });
  }
  if (rules.minItems !== undefined && count < rules.minItems) {
    causes.push(invalidValue(path, count, `${path} in body should have at least ${rules.minItems} items`));
  }
  if (rules.uniqueItems === true && new Set(value.map((item) => JSON.stringify(item))).size < count) {
    causes.push(invalidValue(path, value, `${path} in body shouldn't contain duplicates`));
  }
}

function checkProperties(value: JsonObject, rules: SchemaRules, path: string, causes: Cause[]): void {
  const count = Object.keys(value).length;
  if (rules.maxProperties !== undefined && count > rules.maxProperties) {
    const message = `Too many: ${count}: must have at most ${rules.maxProperties} items`;
    causes.push({ reason: "FieldValueTooMany", message, field: path });
  }
  if (rules.minProperties !== undefined && count < rules.minProperties) {
    causes.push(invalidValue(path, count, `${path} in body should have at least ${rules.minProperties} properties`));
  }
}

function checkCombinations(value: unknown, rules: SchemaRules, path: string, causes: Cause[]): void {
  const problems = (schema: Schema): Cause[] => {
    const found: Cause[] = [];
    check(value, schema, path, found);
    return found;
  };
  const say = (why: string) =>
    causes.push({
      reason: "FieldValueInvalid",
      message: `Invalid value: "": ${JSON.stringify(path)} ${why}`,
      field: "<nil>",
    });
  for (const schema of rules.allOf ?? []) causes.push(...problems(schema));
  if (rules.anyOf !== undefined) {
    const results = rules.anyOf.map(problems);
    if (!results.some((found) => found.length === 0)) {
      say("must validate at least one schema (anyOf)");
      causes.push(...(results[0] ?? []));
    }
  }
  if (rules.oneOf !== undefined && rules.oneOf.filter((schema) => problems(schema).length === 0).length !== 1) {
    say("must validate one and only one schema (oneOf)");
  }
  if (rules.not !== undefined && problems(rules.not).length === 0) say("must not validate the schema (not)");
}

const PATTERNS = new Map<string, RE2JS | undefined>();
const MAX_PATTERNS = 1_000;

/** Patterns come from foreign definitions: they run in linear time, and one that cannot be read matches everything. */
function matches(pattern: string, value: string): boolean {
  if (PATTERNS.size > MAX_PATTERNS) PATTERNS.clear();
  if (!PATTERNS.has(pattern)) PATTERNS.set(pattern, compile(pattern));
  return PATTERNS.get(pattern)?.matcher(value).find() ?? true;
}

function compile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}
