import { DEFINITIONS } from "../crd/serve.ts";
import { CLEANUP } from "../kinds/custom-resource-definition.ts";
import { cloneObject, keyOfObject } from "../object.ts";
import { deleteObject } from "../verbs/delete.ts";
import type { World } from "../world.ts";
import { reactTo } from "./loop.ts";

/** Deletes the custom resources of a definition that is being deleted, then the definition. */
export function finishDefinitions(world: World): () => void {
  return reactTo(
    world,
    ({ table, type, object }) =>
      (table === DEFINITIONS && object.metadata.deletionTimestamp !== undefined) ||
      (type === "DELETED" && table.includes(".")),
    () => {
      for (const definition of world.store.list(DEFINITIONS)) {
        const { deletionTimestamp, finalizers = [], name = "" } = definition.metadata;
        if (deletionTimestamp === undefined || !finalizers.includes(CLEANUP)) continue;
        if (deleteResources(world, name) > 0) continue;
        const rest = finalizers.filter((finalizer) => finalizer !== CLEANUP);
        if (rest.length === 0) {
          world.store.remove(DEFINITIONS, keyOfObject(definition));
          continue;
        }
        const next = cloneObject(definition);
        next.metadata.finalizers = rest;
        world.store.put(DEFINITIONS, keyOfObject(next), next);
      }
      return false;
    },
  );
}

/** How many are still there. */
function deleteResources(world: World, definitionName: string): number {
  const type = world.registry.all().find((each) => each.custom?.definitionName === definitionName);
  if (type === undefined) return 0;
  const wish = { propagation: "Background", uid: "", resourceVersion: "", graceSeconds: 0, dryRun: false } as const;
  let left = 0;
  for (const object of world.store.list(type.table)) {
    const held = object.metadata.deletionTimestamp === undefined ? deleteObject(world, type, object, wish) : object;
    if (held !== undefined) left += 1;
  }
  return left;
}
