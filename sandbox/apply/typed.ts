import { isJsonObject } from "../../src/objects/index.ts";
import type { Schema } from "../schema/schema.ts";

/** More problems than this are not listed. */
const MAX_PROBLEMS = 100;

/**
 * What keeps an applied configuration from being read by its schema: undeclared fields, wrong types, list items
 * without their keys or twice. One line each, as the API server words them.
 */
export function typedProblems(value: unknown, schema: Schema): string[] {
  const problems: string[] = [];
  check(value, schema, "", problems);
  return problems.slice(0, MAX_PROBLEMS);
}

function check(value: unknown, schema: Schema, path: string, problems: string[]): void {
  if (value === null || problems.length > MAX_PROBLEMS) return;
  if (schema.quantity === true || schema.intOrString === true || schema.type === undefined) {
    if (schema.properties === undefined) return;
  }
  if (schema.type === "object" || schema.properties !== undefined) {
    checkObject(value, schema, path, problems);
  } else if (schema.type === "array") {
    checkList(value, schema, path, problems);
  } else {
    const wrong = scalarProblem(value, schema);
    if (wrong !== undefined) problems.push(`${path}: expected ${wrong}, got ${goValue(value)}`);
  }
}

function checkObject(value: unknown, schema: Schema, path: string, problems: string[]): void {
  if (!isJsonObject(value)) {
    problems.push(`${path}: expected map, got ${goValue(value)}`);
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    const below = schema.properties?.get(key) ?? schema.additionalProperties;
    if (below !== undefined) check(child, below, `${path}.${key}`, problems);
    else if (schema.preserveUnknown !== true && schema.properties !== undefined) {
      if (schema.embeddedResource === true && ["apiVersion", "kind", "metadata"].includes(key)) continue;
      problems.push(`${path}.${key}: field not declared in schema`);
    }
  }
}

function checkList(value: unknown, schema: Schema, path: string, problems: string[]): void {
  if (!Array.isArray(value)) {
    problems.push(`${path}: expected list, got ${goValue(value)}`);
    return;
  }
  const seen = new Set<string>();
  value.forEach((item, index) => {
    const { items } = schema;
    if (schema.listType === "map" && isJsonObject(item)) checkKeys(item, schema, path, index, seen, problems);
    if (schema.listType === "set") {
      const text = JSON.stringify(item);
      if (seen.has(text)) problems.push(`${path}: duplicate entries for key [=${text}]`);
      seen.add(text);
    }
    if (items !== undefined) check(item, items, `${path}[${index}]`, problems);
  });
}

function checkKeys(
  item: Record<string, unknown>,
  schema: Schema,
  path: string,
  index: number,
  seen: Set<string>,
  problems: string[],
): void {
  const keys = (schema.listMapKeys ?? []).map((key) => {
    const value = item[key] ?? schema.items?.properties?.get(key)?.default;
    return [key, value] as const;
  });
  const missing = keys.filter(([, value]) => value === undefined).map(([key]) => JSON.stringify(key));
  if (missing.length === keys.length && keys.length > 0) {
    problems.push(
      `${path}: element ${index}: associative list with keys has an element that omits all key fields [${missing.join(" ")}] (and doesn't have default values for any key fields)`,
    );
    return;
  }
  const text = keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",");
  if (seen.has(text)) problems.push(`${path}: duplicate entries for key [${text}]`);
  seen.add(text);
}

function scalarProblem(value: unknown, schema: Schema): string | undefined {
  switch (schema.type) {
    case "string":
      return typeof value === "string" ? undefined : "string";
    case "boolean":
      return typeof value === "boolean" ? undefined : "boolean";
    case "integer":
    case "number":
      return typeof value === "number" ? undefined : "numeric (int or float)";
    default:
      return undefined;
  }
}

function goValue(value: unknown): string {
  const shown = Array.isArray(value)
    ? "[]interface {}{…}"
    : isJsonObject(value)
      ? "map[string]interface {}{…}"
      : JSON.stringify(value);
  return `&value.valueUnstructured{Value:${shown}}`;
}
