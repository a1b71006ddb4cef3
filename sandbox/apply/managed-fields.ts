import { equalJson, isJsonObject, type JsonObject, type KubeObject } from "../../src/objects/index.ts";
import { textAt } from "../object.ts";
import { FieldSet, union } from "./field-set.ts";
import { fromFieldsV1, toFieldsV1 } from "./fields-v1.ts";

/** One owner of fields. */
export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: FieldSet;
}

/** Beyond this many owners by Update, the oldest become one. */
const MAX_UPDATE_OWNERS = 10;
const ANCIENT = "ancient-changes";

/** Reads `metadata.managedFields`; undefined when an entry makes no sense. */
export function readOwners(object: KubeObject): readonly Owner[] | undefined {
  const entries = object.metadata["managedFields"];
  if (!Array.isArray(entries)) return [];
  const owners: Owner[] = [];
  for (const entry of entries) {
    const fields = isJsonObject(entry) ? fromFieldsV1(entry["fieldsV1"] ?? {}) : undefined;
    const operation = textAt(entry, "operation");
    if (fields === undefined || (operation !== "Apply" && operation !== "Update")) return undefined;
    owners.push({
      manager: textAt(entry, "manager"),
      operation,
      apiVersion: textAt(entry, "apiVersion"),
      subresource: textAt(entry, "subresource"),
      time: textAt(entry, "time"),
      fields,
    });
  }
  return owners;
}

/** Writes `metadata.managedFields`: owners of nothing are left out, applies come first, then by time. */
export function writeOwners(object: KubeObject, owners: readonly Owner[]): void {
  const kept = capUpdates(owners.filter((owner) => !owner.fields.isEmpty)).sort(byOrder);
  if (kept.length === 0) {
    delete object.metadata["managedFields"];
    return;
  }
  object.metadata["managedFields"] = kept.map(
    (owner): JsonObject => ({
      manager: owner.manager,
      operation: owner.operation,
      apiVersion: owner.apiVersion,
      ...(owner.time === "" ? {} : { time: owner.time }),
      fieldsType: "FieldsV1",
      fieldsV1: toFieldsV1(owner.fields),
      ...(owner.subresource === "" ? {} : { subresource: owner.subresource }),
    }),
  );
}

function byOrder(left: Owner, right: Owner): number {
  if (left.operation !== right.operation) return left.operation === "Apply" ? -1 : 1;
  if (left.time !== right.time) return left.time < right.time ? -1 : 1;
  return left.manager < right.manager ? -1 : left.manager > right.manager ? 1 : 0;
}

function capUpdates(owners: readonly Owner[]): Owner[] {
  const updates = owners.filter((owner) => owner.operation === "Update").sort(byOrder);
  if (updates.length <= MAX_UPDATE_OWNERS) return [...owners];
  const oldest = updates.slice(0, updates.length - MAX_UPDATE_OWNERS + 1);
  const [first] = oldest;
  if (first === undefined) return [...owners];
  const merged: Owner = {
    ...first,
    manager: ANCIENT,
    fields: oldest.reduce((sum, owner) => union(sum, owner.fields), new FieldSet()),
    time: oldest.at(-1)?.time ?? first.time,
  };
  return [...owners.filter((owner) => !oldest.includes(owner)), merged];
}

/** A write that changes nothing but times of owners keeps the old times, and so changes nothing at all. */
export function keepTimestamps(object: KubeObject, old: KubeObject): void {
  if (equalJson(comparable(object), comparable(old))) {
    const owners = old.metadata["managedFields"];
    if (owners === undefined) delete object.metadata["managedFields"];
    else object.metadata["managedFields"] = structuredClone(owners);
  }
}

function comparable(object: KubeObject): JsonObject {
  const { resourceVersion: _revision, managedFields, ...metadata } = object.metadata;
  const owners = Array.isArray(managedFields)
    ? managedFields.map((entry) => (isJsonObject(entry) ? { ...entry, time: undefined } : entry))
    : [];
  return { ...object, apiVersion: "", metadata: { ...metadata, managedFields: owners } };
}
