import type { KubeObject, OwnerReference } from "../../src/objects/index.ts";
import type { Store } from "../storage/store.ts";

/** Where an object is stored. */
export interface Place {
  readonly table: string;
  readonly key: string;
}

/** Who depends on whom, by uid: kept up to date with every change of the store. */
export class OwnerIndex {
  readonly #byUid = new Map<string, Place>();
  readonly #dependents = new Map<string, Map<string, Place>>();

  constructor(store: Store) {
    store.subscribe(({ type, object, previous, table, key }) => {
      if (previous !== undefined) this.#forget(previous, table, key);
      if (type !== "DELETED") this.#learn(object, { table, key });
    });
  }

  find(uid: string): Place | undefined {
    return this.#byUid.get(uid);
  }

  dependentsOf(uid: string): readonly Place[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  #learn(object: KubeObject, place: Place): void {
    this.#byUid.set(object.metadata.uid ?? "", place);
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const found = this.#dependents.get(uid) ?? new Map<string, Place>();
      found.set(`${place.table} ${place.key}`, place);
      this.#dependents.set(uid, found);
    }
  }

  #forget(object: KubeObject, table: string, key: string): void {
    this.#byUid.delete(object.metadata.uid ?? "");
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const found = this.#dependents.get(uid);
      found?.delete(`${table} ${key}`);
      if (found?.size === 0) this.#dependents.delete(uid);
    }
  }
}

/** A namespaced owner owns only in its own namespace. */
export function ownerExists(
  store: Store,
  index: OwnerIndex,
  reference: OwnerReference,
  dependent: KubeObject,
): boolean {
  const place = index.find(reference.uid);
  const owner = place === undefined ? undefined : store.get(place.table, place.key);
  if (owner === undefined || owner.metadata.name !== reference.name || owner.kind !== reference.kind) return false;
  const namespace = owner.metadata.namespace ?? "";
  return namespace === "" || namespace === (dependent.metadata.namespace ?? "");
}
