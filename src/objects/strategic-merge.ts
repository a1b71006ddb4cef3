import { cloneJson, equalJson, isJsonObject, type JsonObject, MAX_DEPTH, setKey } from "./json-value.ts";
import { PatchError } from "./patch-error.ts";

/**
 * What a strategic merge needs to know of a field: how its list merges, and what lies below. Fields that the schema
 * does not know merge as plain JSON.
 */
export interface MergeSchema {
  /** The key that identifies the items of a list which merges item by item. */
  readonly mergeKey?: string | undefined;
  /** Any of `merge`, `replace`, `retainKeys`. */
  readonly strategies?: readonly string[] | undefined;
  field(name: string): MergeSchema | undefined;
  /** The schema of list items and of map values. */
  item(): MergeSchema | undefined;
}

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const ORDER = "$setElementOrder/";
const DELETE_PRIMITIVES = "$deleteFromPrimitiveList/";

/**
 * Applies a strategic merge patch: like a merge patch, but lists with a merge key merge item by item, and the
 * directives `$patch: replace|delete|merge`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…` are
 * obeyed. Neither argument is changed.
 *
 * Source: Kubernetes API concepts, "Strategic merge patch".
 * @throws PatchError PATCH_INVALID for an unknown directive or an item without its merge key; PATCH_LIMIT
 */
export function applyStrategicMerge(document: unknown, patch: unknown, schema: MergeSchema | undefined): unknown {
  return mergeValue(cloneJson(document), patch, schema, 0);
}

function mergeValue(target: unknown, patch: unknown, schema: MergeSchema | undefined, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new PatchError("PATCH_LIMIT", `Cannot apply a patch nested deeper than ${MAX_DEPTH}`);
  if (!isJsonObject(patch)) return cloneJson(patch, depth);
  return mergeObject(isJsonObject(target) ? target : {}, patch, schema, depth);
}

function mergeObject(
  target: JsonObject,
  patch: JsonObject,
  schema: MergeSchema | undefined,
  depth: number,
): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === "delete") return {};
  if (directive === "replace") return withoutDirectives(patch, depth);
  if (directive !== undefined && directive !== "merge") throw badDirective(directive);
  const merged = retain(target, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_PRIMITIVES)) {
      deletePrimitives(merged, key.slice(DELETE_PRIMITIVES.length), value);
      continue;
    }
    const below = schema?.field(key) ?? schema?.item();
    const old = Object.hasOwn(merged, key) ? merged[key] : undefined;
    if (value === null) delete merged[key];
    else if (Array.isArray(value)) setKey(merged, key, mergeList(old, value, below, depth + 1));
    else if (isJsonObject(value) && value[DIRECTIVE] === "delete") delete merged[key];
    else setKey(merged, key, mergeValue(old, value, below, depth + 1));
  }
  for (const [key, order] of Object.entries(patch)) {
    if (key.startsWith(ORDER)) reorder(merged, key.slice(ORDER.length), order, schema);
  }
  return merged;
}

/** `$retainKeys` names the only keys of the live object that may stay; what the patch itself sets is always kept. */
function retain(target: JsonObject, patch: JsonObject): JsonObject {
  const names = patch[RETAIN_KEYS];
  if (names === undefined) return target;
  if (!Array.isArray(names))
    throw new PatchError("PATCH_INVALID", `Cannot apply the patch: ${RETAIN_KEYS} is not a list`);
  return Object.fromEntries(Object.entries(target).filter(([key]) => names.includes(key)));
}

function mergeList(
  target: unknown,
  patch: readonly unknown[],
  schema: MergeSchema | undefined,
  depth: number,
): unknown {
  const replaces = patch.some((item) => isJsonObject(item) && item[DIRECTIVE] === "replace");
  const items = patch.filter((item) => !(isJsonObject(item) && onlyDirective(item)));
  if (replaces || schema?.strategies?.includes("merge") !== true) {
    return items.map((item) => (isJsonObject(item) ? withoutDirectives(item, depth) : cloneJson(item, depth)));
  }
  const merged: unknown[] = Array.isArray(target) ? target : [];
  const before = [...merged];
  const { mergeKey } = schema;
  for (const item of items) {
    if (mergeKey === undefined) {
      if (!merged.some((old) => equalJson(old, item))) merged.push(cloneJson(item, depth));
      continue;
    }
    if (!isJsonObject(item) || item[mergeKey] === undefined) {
      throw new PatchError(
        "PATCH_INVALID",
        `Cannot apply the patch: map does not contain declared merge key: ${mergeKey}`,
      );
    }
    const key = item[mergeKey];
    const at = merged.findIndex((old) => isJsonObject(old) && equalJson(old[mergeKey], key));
    if (item[DIRECTIVE] === "delete") {
      if (at >= 0) merged.splice(at, 1);
    } else if (at >= 0) {
      merged[at] = mergeValue(merged[at], item, schema.item(), depth + 1);
    } else {
      merged.push(mergeValue({}, item, schema.item(), depth + 1));
    }
  }
  return inOrder(merged, items, before, mergeKey);
}

/**
 * Items that the patch names stand in its order; items that only the server has keep their order, and stand before a
 * named item only when they stood before it already.
 */
function inOrder(
  merged: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const identity = (item: unknown) => (mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item);
  const place = (list: readonly unknown[], item: unknown) =>
    list.findIndex((other) => equalJson(identity(other), identity(item)));
  const named = merged
    .filter((item) => place(order, item) >= 0)
    .sort((left, right) => place(order, left) - place(order, right));
  const others = merged.filter((item) => place(order, item) < 0);
  const result: unknown[] = [];
  for (const item of named) {
    const was = place(before, item);
    while (others.length > 0 && was >= 0 && place(before, others[0]) < was) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

const onlyDirective = (item: JsonObject) => Object.keys(item).length === 1 && item[DIRECTIVE] === "replace";

function deletePrimitives(merged: JsonObject, key: string, values: unknown): void {
  const list = merged[key];
  if (!Array.isArray(values)) throw new PatchError("PATCH_INVALID", `Cannot apply the patch: ${key} is not a list`);
  if (Array.isArray(list)) merged[key] = list.filter((item) => !values.some((value) => equalJson(item, value)));
}

/** Puts a list of the merged object into the order that the patch asks for. */
function reorder(merged: JsonObject, key: string, order: unknown, schema: MergeSchema | undefined): void {
  const list = merged[key];
  if (!Array.isArray(order)) {
    throw new PatchError("PATCH_INVALID", `Cannot apply the patch: ${ORDER}${key} is not a list`);
  }
  if (Array.isArray(list)) merged[key] = inOrder(list, order, list, schema?.field(key)?.mergeKey);
}

function withoutDirectives(value: JsonObject, depth: number): JsonObject {
  const copy: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    if (!key.startsWith("$") && child !== null) setKey(copy, key, cloneJson(child, depth + 1));
  }
  return copy;
}

function badDirective(directive: unknown): PatchError {
  const shown = JSON.stringify(directive) ?? "undefined";
  return new PatchError("PATCH_INVALID", `Cannot apply the patch: unknown directive ${DIRECTIVE}: ${shown}`);
}
