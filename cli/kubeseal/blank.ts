/** Fields of metadata that count as absent when they are empty text; all others only when they are null. */
const META_TEXTS = ["generateName", "name", "namespace", "resourceVersion", "selfLink", "uid"];
const META_OTHERS = [
  "annotations",
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "finalizers",
  "labels",
  "managedFields",
  "ownerReferences",
];

/** A document that says nothing of a Secret or SealedSecret is passed over like an empty one: only unknown fields, or empty known ones. */
export function isBlank(value: unknown): boolean {
  const metadata = lookUp(value, "metadata");
  const isGenerated = lookUp(metadata, "generation") !== undefined && Number(lookUp(metadata, "generation")) !== 0;
  return (
    !isGenerated &&
    ["apiVersion", "kind", "type"].every((name) => (lookUp(value, name) ?? "") === "") &&
    ["data", "stringData", "immutable", "spec", "status"].every((name) => lookUp(value, name) === undefined) &&
    META_TEXTS.every((name) => (lookUp(metadata, name) ?? "") === "") &&
    META_OTHERS.every((name) => lookUp(metadata, name) === undefined)
  );
}

/** A field whose name may differ in case; undefined when it is absent or null. */
function lookUp(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const wanted = name.toLowerCase();
  return Object.entries(value).findLast(([key]) => key.toLowerCase() === wanted)?.[1] ?? undefined;
}
