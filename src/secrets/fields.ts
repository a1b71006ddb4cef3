import type { ObjectMeta, OwnerReference } from "../objects/index.ts";

/** A JSON object of unknown content. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A field as Go's JSON decoder finds it: the exact name, else one that differs in case only (the last of them).
 * Inherited properties are never found.
 */
export function field(object: Fields, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const wanted = name.toLowerCase();
  const found = Object.keys(object).findLast((key) => key.toLowerCase() === wanted);
  return found === undefined ? undefined : object[found];
}

/**
 * All values of a field that holds a map, in the order of the object: names that differ in case are one field to Go's
 * decoder, and a later map goes over an earlier one. A null empties what came before.
 */
export function mapFields(object: Fields, name: string): readonly unknown[] {
  const wanted = name.toLowerCase();
  const found = Object.keys(object)
    .filter((key) => key.toLowerCase() === wanted)
    .map((key) => object[key]);
  return found.slice(found.lastIndexOf(null) + 1);
}

/** What Go calls the type of a JSON value in its messages. */
export function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" ? "number" : typeof value;
}

/** A map of strings with own properties only, whatever the keys are. */
export function stringMap(entries: Iterable<readonly [string, string]>): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return map;
}

/** Metadata in the making. */
export type LooseMeta = { readonly [K in keyof ObjectMeta]?: ObjectMeta[K] | undefined };

/** Metadata in the order in which Kubernetes prints it, without what is undefined or empty. */
export function orderedMeta(meta: LooseMeta): ObjectMeta {
  const out: ObjectMeta = {};
  const put = (key: string, value: unknown) => {
    if (value !== undefined) out[key] = value;
  };
  put("name", meta.name === "" ? undefined : meta.name);
  put("generateName", meta.generateName);
  put("namespace", meta.namespace === "" ? undefined : meta.namespace);
  put("labels", nonEmptyMap(meta.labels));
  put("annotations", nonEmptyMap(meta.annotations));
  put("ownerReferences", nonEmptyList(meta.ownerReferences));
  put("finalizers", nonEmptyList(meta.finalizers));
  put("managedFields", meta["managedFields"]);
  return out;
}

function nonEmptyMap(map: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  const entries = Object.entries(map ?? {});
  if (entries.length === 0) return undefined;
  return stringMap(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function nonEmptyList<T extends string | OwnerReference>(list: readonly T[] | undefined): T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : [...list];
}
