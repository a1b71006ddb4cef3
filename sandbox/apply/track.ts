import { isJsonObject, type KubeObject } from "../../src/objects/index.ts";
import { timestamp } from "../object.ts";
import { apiVersionOf, type ResourceType } from "../registry/resource-type.ts";
import { present } from "../verbs/get.ts";
import type { World } from "../world.ts";
import { compare, emptyObject } from "./compare.ts";
import { difference, differenceBelow, FieldSet, union } from "./field-set.ts";
import { type Owner, readOwners, writeOwners } from "./managed-fields.ts";

/** Nobody owns these. */
const SYSTEM_FIELDS = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
];

export interface Writer {
  readonly manager: string;
  readonly subresource: string | undefined;
}

/** Fields that a writer cannot own: what the server sets, and status outside its subresource. */
export function unowned(type: ResourceType, subresource: string | undefined): FieldSet {
  const set = new FieldSet();
  for (const field of ["apiVersion", "kind"]) set.insert([`f:${field}`]);
  for (const field of SYSTEM_FIELDS) set.insert(["f:metadata", `f:${field}`]);
  if (subresource === undefined && type.subresources.has("status")) set.insert(["f:status"]);
  if (subresource === "status") {
    set.insert(["f:spec"]);
    if (type.custom !== undefined) set.insert(["f:metadata"]);
  }
  return set;
}

/**
 * Records a write that is not an apply: who changed a field owns it, and everybody else loses it.
 */
export function trackUpdate(
  world: World,
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
  writer: Writer,
): void {
  const owners = ownersBefore(object, old);
  const before =
    (old === undefined ? undefined : present(old, type)) ??
    (type.custom === undefined ? emptyObject(type.schema) : { metadata: {} });
  const after = { ...object, metadata: { ...object.metadata } };
  delete after.metadata["managedFields"];
  const { added, modified, removed } = compare(before, after, type.schema);
  const ignored = unowned(type, writer.subresource);
  const changed = differenceBelow(union(added, modified), ignored);
  const gone = differenceBelow(removed, ignored);
  const apiVersion = apiVersionOf(type);
  const isWriter = (owner: Owner) =>
    owner.manager === writer.manager &&
    owner.operation === "Update" &&
    owner.apiVersion === apiVersion &&
    owner.subresource === (writer.subresource ?? "");
  const others = owners
    .filter((owner) => !isWriter(owner))
    .map((owner) => ({ ...owner, fields: difference(difference(owner.fields, changed), gone) }));
  const own = owners.find(isWriter);
  const fields = union(difference(own?.fields ?? new FieldSet(), gone), changed);
  writeOwners(object, [
    ...others,
    {
      manager: writer.manager,
      operation: "Update",
      apiVersion,
      subresource: writer.subresource ?? "",
      time: timestamp(world.now()),
      fields,
    },
  ]);
}

/** Owners that a write starts from: those that the writer sent, otherwise those of the stored object. */
function ownersBefore(object: KubeObject, old: KubeObject | undefined): readonly Owner[] {
  const given = object.metadata["managedFields"];
  const stored = old === undefined ? [] : (readOwners(old) ?? []);
  if (!Array.isArray(given) || given.length === 0) return stored;
  const [only] = given;
  if (given.length === 1 && isJsonObject(only) && Object.keys(only).length === 0) return [];
  return readOwners(object) ?? stored;
}
