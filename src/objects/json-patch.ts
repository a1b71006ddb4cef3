import { cloneJson, equalJson, isJsonObject, type JsonObject, setKey } from "./json-value.ts";
import { PatchError } from "./patch-error.ts";

/** One step of a JSON patch. `path` and `from` are JSON pointers. */
export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly path: string; readonly from: string };

/** More operations than this in one patch are refused, as the Kubernetes API server does. */
export const MAX_PATCH_OPERATIONS = 10_000;

/**
 * Reads the operations of a JSON patch document.
 *
 * @throws PatchError PATCH_INVALID naming the operation, PATCH_LIMIT when there are too many
 */
export function parseJsonPatch(patch: unknown): readonly JsonPatchOperation[] {
  if (!Array.isArray(patch)) throw invalid("a JSON patch is a list of operations");
  if (patch.length > MAX_PATCH_OPERATIONS) {
    throw new PatchError(
      "PATCH_LIMIT",
      `Cannot apply a JSON patch of ${patch.length} operations: at most ${MAX_PATCH_OPERATIONS} are allowed`,
    );
  }
  return patch.map(parseOperation);
}

function parseOperation(step: unknown, index: number): JsonPatchOperation {
  const place = `operation ${index}`;
  if (!isJsonObject(step)) throw invalid(`${place} is not an object`);
  const { op, path, from } = step;
  if (typeof path !== "string") throw invalid(`${place} has no "path"`);
  if (op === "add" || op === "replace" || op === "test") {
    if (!Object.hasOwn(step, "value")) throw invalid(`${place} ("${op}") has no "value"`);
    return { op, path, value: step["value"] };
  }
  if (op === "remove") return { op, path };
  if (op === "move" || op === "copy") {
    if (typeof from !== "string") throw invalid(`${place} ("${op}") has no "from"`);
    return { op, path, from };
  }
  throw invalid(`${place} has the unknown op ${JSON.stringify(op) ?? "undefined"}`);
}

/**
 * Applies a JSON patch: all operations in order, or none. The document is not changed.
 *
 * Source: RFC 6902; pointers RFC 6901.
 * @throws PatchError PATCH_INVALID, PATCH_PATH_MISSING, PATCH_TEST_FAILED or PATCH_LIMIT
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  let current = cloneJson(document);
  for (const operation of parseJsonPatch(patch)) current = applyOperation(current, operation);
  return current;
}

function applyOperation(document: unknown, operation: JsonPatchOperation): unknown {
  const path = parsePointer(operation.path);
  switch (operation.op) {
    case "add":
      return add(document, path, cloneJson(operation.value));
    case "remove":
      return remove(document, path);
    case "replace":
      read(document, path);
      return path.length === 0 ? cloneJson(operation.value) : replace(document, path, cloneJson(operation.value));
    case "test":
      if (!equalJson(readOptional(document, path) ?? null, operation.value)) {
        throw new PatchError("PATCH_TEST_FAILED", `Cannot apply the patch: testing value ${operation.path} failed`);
      }
      return document;
    case "copy":
      return add(document, path, cloneJson(read(document, parsePointer(operation.from))));
    case "move": {
      const from = parsePointer(operation.from);
      if (operation.path.startsWith(`${operation.from}/`)) throw invalid(`cannot move ${operation.from} into itself`);
      const value = read(document, from);
      return add(remove(document, from), path, value);
    }
  }
}

function parsePointer(pointer: string): readonly string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) throw invalid(`the pointer "${pointer}" does not start with "/"`);
  return pointer
    .slice(1)
    .split("/")
    .map((token) => {
      if (/~(?![01])/.test(token)) throw invalid(`the pointer "${pointer}" has a bad escape`);
      return token.replaceAll("~1", "/").replaceAll("~0", "~");
    });
}

const toPointer = (path: readonly string[]) =>
  path.map((token) => `/${token.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

function missing(path: readonly string[]): PatchError {
  return new PatchError("PATCH_PATH_MISSING", `Cannot apply the patch: "${toPointer(path)}" does not exist`);
}

function invalid(why: string): PatchError {
  return new PatchError("PATCH_INVALID", `Cannot apply the patch: ${why}`);
}

/** The value at `path`, or undefined. */
function readOptional(document: unknown, path: readonly string[]): unknown {
  let at = document;
  for (const token of path) {
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(token) ? at[Number(token)] : undefined;
    else at = isJsonObject(at) && Object.hasOwn(at, token) ? at[token] : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}

function read(document: unknown, path: readonly string[]): unknown {
  const value = readOptional(document, path);
  if (value === undefined) throw missing(path);
  return value;
}

interface Slot {
  readonly parent: JsonObject | unknown[];
  readonly key: string;
}

function slot(document: unknown, path: readonly string[]): Slot {
  const parent = read(document, path.slice(0, -1));
  if (!isJsonObject(parent) && !Array.isArray(parent)) throw missing(path);
  return { parent, key: path.at(-1) ?? "" };
}

function indexOf(list: readonly unknown[], token: string, path: readonly string[], limit: number): number {
  if (!/^(0|[1-9]\d*)$/.test(token)) throw invalid(`"${toPointer(path)}" is not an index of a list`);
  const index = Number(token);
  if (index > limit) throw missing(path);
  return Math.min(index, list.length);
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  const { parent, key } = slot(document, path);
  if (Array.isArray(parent)) {
    parent.splice(key === "-" ? parent.length : indexOf(parent, key, path, parent.length), 0, value);
  } else {
    setKey(parent, key, value);
  }
  return document;
}

function replace(document: unknown, path: readonly string[], value: unknown): unknown {
  const { parent, key } = slot(document, path);
  if (Array.isArray(parent)) parent[indexOf(parent, key, path, parent.length - 1)] = value;
  else setKey(parent, key, value);
  return document;
}

function remove(document: unknown, path: readonly string[]): unknown {
  if (path.length === 0) throw invalid("the whole document cannot be removed");
  read(document, path);
  const { parent, key } = slot(document, path);
  if (Array.isArray(parent)) parent.splice(indexOf(parent, key, path, parent.length - 1), 1);
  else delete parent[key];
  return document;
}
