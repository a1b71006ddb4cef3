import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { FieldSet } from "./field-set.ts";

const MAX_DEPTH = 200;

/** A field set in the form that `managedFields` carries. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const result: JsonObject = {};
  for (const step of [...new Set([...set.members, ...set.children.keys()])].sort()) {
    const child = set.children.get(step);
    const below = child === undefined || child.isEmpty ? {} : toFieldsV1(child);
    if (Object.keys(below).length === 0 && !set.members.has(step)) continue;
    result[step] = Object.keys(below).length > 0 && set.members.has(step) ? { ".": {}, ...below } : below;
  }
  return result;
}

/** The field set of a `fieldsV1`; undefined when it is not one. */
export function fromFieldsV1(value: unknown, depth = 0): FieldSet | undefined {
  if (!isJsonObject(value) || depth > MAX_DEPTH) return undefined;
  const set = new FieldSet();
  for (const [step, below] of Object.entries(value)) {
    if (step === ".") continue;
    if (!/^[fkvi]:/.test(step) || !isJsonObject(below)) return undefined;
    if (Object.keys(below).length === 0 || below["."] !== undefined) set.members.add(step);
    const child = fromFieldsV1(below, depth + 1);
    if (child === undefined) return undefined;
    if (!child.isEmpty) set.children.set(step, child);
  }
  return set;
}

/** A path as people read it: `.spec.ports[port=80,protocol="TCP"].name`. */
export function pathText(path: readonly string[]): string {
  return path
    .map((step) => {
      const value = step.slice(2);
      if (step.startsWith("f:")) return `.${value}`;
      if (step.startsWith("v:")) return `[=${value}]`;
      if (step.startsWith("i:")) return `[${value}]`;
      const keys: unknown = JSON.parse(value);
      const pairs = isJsonObject(keys) ? Object.entries(keys) : [];
      return `[${pairs.map(([key, part]) => `${key}=${JSON.stringify(part)}`).join(",")}]`;
    })
    .join("");
}
