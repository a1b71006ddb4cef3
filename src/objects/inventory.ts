import { type KubeObject, type ObjectId, objectId, splitApiVersion } from "./object.ts";

/** One object as `status.inventory.entries` names it: `<namespace>_<name>_<group>_<kind>` and its API version. */
export interface InventoryEntry {
  readonly id: string;
  readonly v: string;
}

const RBAC_GROUP = "rbac.authorization.k8s.io";

export function inventoryEntry(object: KubeObject): InventoryEntry {
  const { group, kind, namespace, name } = objectId(object);
  // Names of RBAC objects may hold a colon, which the id cannot.
  const stored = group === RBAC_GROUP ? name.replaceAll(":", "__") : name;
  return { id: [namespace, stored, group, kind].join("_"), v: splitApiVersion(object.apiVersion).version };
}

/** Reads an id from its outer sides, because the name may hold underscores. Undefined when it is none. */
export function parseInventoryId(id: string): ObjectId | undefined {
  const first = id.indexOf("_");
  const last = id.lastIndexOf("_");
  const middle = id.lastIndexOf("_", last - 1);
  if (first < 0 || middle <= first || last === id.length - 1) return undefined;
  const group = id.slice(middle + 1, last);
  const name = id.slice(first + 1, middle);
  if (name === "") return undefined;
  return {
    group,
    kind: id.slice(last + 1),
    namespace: id.slice(0, first),
    name: group === RBAC_GROUP ? name.replaceAll("__", ":") : name,
  };
}

/** What was there before and is not wanted any more. By id only: another API version is the same object. */
export function staleEntries(
  before: readonly InventoryEntry[],
  after: readonly InventoryEntry[],
): readonly InventoryEntry[] {
  const wanted = new Set(after.map(({ id }) => id));
  return before.filter(({ id }) => !wanted.has(id));
}

/** An inventory with further entries, each id once, sorted. */
export function mergeEntries(...lists: readonly (readonly InventoryEntry[])[]): readonly InventoryEntry[] {
  const all = new Map<string, InventoryEntry>();
  for (const entry of lists.flat()) if (!all.has(entry.id)) all.set(entry.id, entry);
  return [...all.values()].sort((left, right) => (left.id < right.id ? -1 : left.id > right.id ? 1 : 0));
}

/** `Kind/namespace/name`, or `Kind/name` for cluster-scoped objects: how messages name an object. */
export function subjectOf({ kind, namespace, name }: Pick<ObjectId, "kind" | "namespace" | "name">): string {
  return namespace === "" ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}
