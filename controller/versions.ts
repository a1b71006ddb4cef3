import type { ObjectMeta } from "../src/objects/index.ts";

/**
 * Whether `a` is a later version than `b`, both of objects of one resource. Resource versions can be ordered when they
 * are numbers; others are taken as not later.
 */
export function isLater(a: ObjectMeta, b: ObjectMeta): boolean {
  const versions = [a.resourceVersion ?? "", b.resourceVersion ?? ""];
  if (!versions.every((version) => /^[0-9]{1,30}$/.test(version))) return false;
  return BigInt(versions[0] ?? 0) > BigInt(versions[1] ?? 0);
}
