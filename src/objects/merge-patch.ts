import { cloneJson, isJsonObject, type JsonObject, MAX_DEPTH, setKey } from "./json-value.ts";
import { PatchError } from "./patch-error.ts";

/**
 * Applies a JSON merge patch: objects merge key by key, `null` removes, everything else replaces. Neither argument is
 * changed; the result shares nothing with the patch.
 *
 * Source: RFC 7386 section 2.
 * @throws PatchError PATCH_LIMIT when the patch is nested too deeply
 */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  return merge(cloneJson(document), patch, 0);
}

function merge(target: unknown, patch: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new PatchError("PATCH_LIMIT", `Cannot apply a patch nested deeper than ${MAX_DEPTH}`);
  if (!isJsonObject(patch)) return cloneJson(patch, depth);
  const merged: JsonObject = isJsonObject(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else setKey(merged, key, merge(Object.hasOwn(merged, key) ? merged[key] : undefined, value, depth + 1));
  }
  return merged;
}
