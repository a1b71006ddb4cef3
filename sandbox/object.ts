import { cloneJson, isJsonObject, type JsonObject, type KubeObject, type ObjectMeta } from "../src/objects/index.ts";

/** True for plain data that has the three things every stored object has. */
export function isKubeObject(value: unknown): value is KubeObject {
  return (
    isJsonObject(value) &&
    typeof value["apiVersion"] === "string" &&
    typeof value["kind"] === "string" &&
    isJsonObject(value["metadata"])
  );
}

/** A copy that may be changed freely. */
export function cloneObject(object: KubeObject): KubeObject {
  const copy = cloneJson(object);
  if (!isKubeObject(copy)) throw new TypeError("cloneObject expects an object with apiVersion, kind and metadata");
  return copy;
}

/** The object at `key`, created empty when it is not there. */
export function child(parent: JsonObject, key: string): JsonObject {
  const found = parent[key];
  if (isJsonObject(found)) return found;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

/** The object at the end of `path`, or an empty one that is not attached. */
export function at(value: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isJsonObject(found) ? found : {};
}

export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) current = isJsonObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  return current;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : "";
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export const labelsOf = (meta: ObjectMeta): Readonly<Record<string, string>> => meta.labels ?? {};

/** Key of an object inside its table; sorts as the API server's storage does. */
export const storageKey = (namespace: string, name: string) => `${namespace}/${name}`;

export const keyOfObject = ({ metadata }: KubeObject) => storageKey(metadata.namespace ?? "", metadata.name ?? "");

/** RFC 3339 with whole seconds, as in creationTimestamp. */
export const timestamp = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
