import { PatchError } from "./patch-error.ts";

/** A JSON object whose values are not known yet. */
export type JsonObject = { [key: string]: unknown };

/** Nesting beyond this is refused by everything in this area that recurses over foreign documents. */
export const MAX_DEPTH = 500;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a key as plain data, also when it is called `__proto__`. */
export function setKey(target: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

/**
 * A copy that shares nothing with `value`.
 *
 * @throws PatchError PATCH_LIMIT when the nesting is deeper than `MAX_DEPTH`
 */
export function cloneJson(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH)
    throw new PatchError("PATCH_LIMIT", `Cannot copy a value nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item) => cloneJson(item, depth + 1));
  const copy: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    if (child !== undefined) setKey(copy, key, cloneJson(child, depth + 1));
  }
  return copy;
}

/** Equality of JSON values; the order of keys does not count, a key that holds undefined counts as absent. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, index) => equalJson(item, right[index]))
    );
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  let defined = 0;
  for (const key of Object.keys(left)) {
    const value = left[key];
    if (value === undefined) continue;
    defined += 1;
    if (!Object.hasOwn(right, key) || !equalJson(value, right[key])) return false;
  }
  return defined === Object.values(right).filter((value) => value !== undefined).length;
}
