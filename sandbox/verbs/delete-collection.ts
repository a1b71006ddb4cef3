import type { KubeObject } from "../../src/objects/index.ts";
import type { ApiRequest, Target, World } from "../world.ts";
import { deleteObject, readWish } from "./delete.ts";
import { type ListAnswer, list } from "./list.ts";

/** DELETE of a collection: everything that the selectors match, each as if deleted alone. Answers what was matched. */
export function deleteCollection(world: World, request: ApiRequest, target: Target): ListAnswer {
  const wish = readWish(world, request);
  const matched = list(world, request, target);
  const items: KubeObject[] = [];
  for (const object of matched.items) {
    items.push(deleteObject(world, target.type, object, { ...wish, uid: "", resourceVersion: "" }) ?? object);
  }
  return { ...matched, items };
}
