import type { KubeObject } from "../../src/objects/index.ts";
import { cloneObject, keyOfObject } from "../object.ts";
import type { ResourceType } from "../registry/resource-type.ts";
import { type DeleteWish, deleteObject, FOREGROUND, ORPHAN } from "../verbs/delete.ts";
import type { World } from "../world.ts";
import { reactTo } from "./loop.ts";
import { OwnerIndex, ownerExists, type Place } from "./owners.ts";

const BACKGROUND: DeleteWish = {
  propagation: "Background",
  uid: "",
  resourceVersion: "",
  graceSeconds: undefined,
  dryRun: false,
};

/**
 * Deletes what its owners leave behind: dependents of deleted owners in the background; before the owner with
 * foreground deletion; not at all, but without the reference, when they are orphaned.
 */
export function collectGarbage(world: World): () => void {
  const index = new OwnerIndex(world.store);
  const suspects = new Map<string, Place>();
  const suspect = (place: Place) => suspects.set(`${place.table} ${place.key}`, place);
  const wants = world.store.subscribe(({ type, object, previous, table, key }) => {
    if (type === "DELETED") {
      for (const place of index.dependentsOf(object.metadata.uid ?? "")) suspect(place);
      for (const { uid } of previous?.metadata.ownerReferences ?? []) {
        const owner = index.find(uid);
        if (owner !== undefined) suspect(owner);
      }
      return;
    }
    const { metadata } = object;
    if ((metadata.ownerReferences?.length ?? 0) > 0 || metadata.deletionTimestamp !== undefined)
      suspect({ table, key });
  });
  const stop = reactTo(
    world,
    () => suspects.size > 0,
    () => {
      const [first] = suspects;
      if (first === undefined) return false;
      suspects.delete(first[0]);
      inspect(world, index, first[1]);
      return suspects.size > 0;
    },
  );
  return () => {
    wants();
    stop();
  };
}

function inspect(world: World, index: OwnerIndex, { table, key }: Place): void {
  const object = world.store.get(table, key);
  const type = object === undefined ? undefined : typeOf(world, table);
  if (object === undefined || type === undefined) return;
  if (object.metadata.deletionTimestamp !== undefined) {
    finishOwner(world, index, object, type);
    return;
  }
  const references = object.metadata.ownerReferences ?? [];
  const alive = references.filter((reference) => ownerExists(world.store, index, reference, object));
  if (references.length === 0 || alive.length === references.length) return;
  if (alive.length === 0) {
    deleteObject(world, type, object, BACKGROUND);
    return;
  }
  const next = cloneObject(object);
  next.metadata.ownerReferences = alive;
  world.store.put(table, key, next);
}

/** An owner that waits for its dependents, or lets them go, before it goes itself. */
function finishOwner(world: World, index: OwnerIndex, owner: KubeObject, type: ResourceType): void {
  const finalizers = owner.metadata.finalizers ?? [];
  const uid = owner.metadata.uid ?? "";
  if (finalizers.includes(ORPHAN)) {
    for (const place of index.dependentsOf(uid)) release(world, place, uid);
    dropFinalizer(world, type, owner, ORPHAN);
  } else if (finalizers.includes(FOREGROUND)) {
    const blocking = index.dependentsOf(uid).filter((place) => deleteDependent(world, place, uid));
    if (blocking.length === 0) dropFinalizer(world, type, owner, FOREGROUND);
  }
}

function release(world: World, { table, key }: Place, uid: string): void {
  const dependent = world.store.get(table, key);
  if (dependent === undefined) return;
  const next = cloneObject(dependent);
  const rest = (next.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
  if (rest.length === 0) delete next.metadata.ownerReferences;
  else next.metadata.ownerReferences = rest;
  world.store.put(table, key, next);
}

/** Starts the deletion of a dependent; true while it still keeps its owner from going. */
function deleteDependent(world: World, { table, key }: Place, uid: string): boolean {
  const dependent = world.store.get(table, key);
  const type = typeOf(world, table);
  if (dependent === undefined || type === undefined) return false;
  const references = dependent.metadata.ownerReferences ?? [];
  if (references.length > 1) {
    release(world, { table, key }, uid);
    return false;
  }
  const left =
    dependent.metadata.deletionTimestamp === undefined
      ? deleteObject(world, type, dependent, { ...BACKGROUND, propagation: "Foreground" })
      : dependent;
  return (
    left !== undefined && references.some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true)
  );
}

function dropFinalizer(world: World, type: ResourceType, object: KubeObject, finalizer: string): void {
  const next = cloneObject(object);
  const rest = (next.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  if (rest.length > 0) {
    next.metadata.finalizers = rest;
    world.store.put(type.table, keyOfObject(next), next);
    return;
  }
  world.store.remove(type.table, keyOfObject(object));
}

/** The type behind a table; the core group's events stand for both event APIs. */
function typeOf(world: World, table: string): ResourceType | undefined {
  const slash = table.indexOf("/");
  return world.registry.findAnyVersion(table.slice(0, slash), table.slice(slash + 1));
}
