import type { KubeObject } from "../../src/objects/index.ts";
import { coreToEvents } from "../kinds/event.ts";
import { cloneObject, storageKey } from "../object.ts";
import { apiVersionOf, type ResourceType } from "../registry/resource-type.ts";
import { notFound } from "../status.ts";
import type { ObjectAnswer, Target, World } from "../world.ts";
import { nameOf } from "./options.ts";

/** GET of one object; `status` shows the whole object too. */
export function get(world: World, target: Target): ObjectAnswer {
  return { status: 200, object: read(world, target) };
}

/** @throws StatusError 404 */
export function read(world: World, target: Target): KubeObject {
  const name = nameOf(target);
  const found = world.store.get(target.type.table, storageKey(target.namespace ?? "", name));
  if (found === undefined) throw notFound(target.type, name);
  return found;
}

/** A stored object as the requested version shows it. Does not copy when nothing has to change. */
export function present(object: KubeObject, type: ResourceType): KubeObject {
  if (type.group === "events.k8s.io") return coreToEvents(object);
  const apiVersion = apiVersionOf(type);
  if (object.apiVersion === apiVersion) return object;
  const copy = cloneObject(object);
  copy.apiVersion = apiVersion;
  return copy;
}
