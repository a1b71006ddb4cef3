import type { KubeObject } from "../../src/objects/index.ts";
import { cloneObject, keyOfObject } from "../object.ts";
import type { ResourceType } from "../registry/resource-type.ts";
import { deleteObject } from "../verbs/delete.ts";
import type { World } from "../world.ts";
import { reactTo } from "./loop.ts";

const NAMESPACES = "/namespaces";

/** Empties namespaces that are being deleted, and lets them go when nothing is left in them. */
export function finishNamespaces(world: World): () => void {
  const terminating = () =>
    world.store.list(NAMESPACES).filter((namespace) => namespace.metadata.deletionTimestamp !== undefined);
  const concerns = (namespace: string | undefined) =>
    namespace !== undefined && world.store.get(NAMESPACES, `/${namespace}`)?.metadata.deletionTimestamp !== undefined;
  return reactTo(
    world,
    ({ table, type, object }) =>
      table === NAMESPACES
        ? type !== "DELETED" && object.metadata.deletionTimestamp !== undefined
        : type === "DELETED" && concerns(object.metadata.namespace),
    () => {
      for (const namespace of terminating()) empty(world, namespace);
      return false;
    },
  );
}

function empty(world: World, namespace: KubeObject): void {
  const name = namespace.metadata.name ?? "";
  const wish = { propagation: "Background", uid: "", resourceVersion: "", graceSeconds: 0, dryRun: false } as const;
  let left = 0;
  for (const type of namespacedTypes(world)) {
    for (const object of world.store.list(type.table, `${name}/`)) {
      const held = object.metadata.deletionTimestamp === undefined ? deleteObject(world, type, object, wish) : object;
      if (held !== undefined) left += 1;
    }
  }
  if (left === 0) letGo(world, namespace);
}

/** One type per table. */
function namespacedTypes(world: World): readonly ResourceType[] {
  const types = world.registry.all().filter((type) => type.namespaced && type.group !== "events.k8s.io");
  return [...new Map(types.map((type) => [type.table, type])).values()];
}

function letGo(world: World, namespace: KubeObject): void {
  const key = keyOfObject(namespace);
  const current = world.store.get(NAMESPACES, key);
  if (current === undefined) return;
  if ((current.metadata.finalizers?.length ?? 0) === 0) {
    world.store.remove(NAMESPACES, key);
    return;
  }
  const next = cloneObject(current);
  next["spec"] = {};
  if (JSON.stringify(current["spec"]) !== "{}") world.store.put(NAMESPACES, key, next);
}
