import { isJsonObject, type KubeObject } from "../../src/objects/index.ts";
import { notSupported } from "../kinds/causes.ts";
import { cloneObject, keyOfObject, listAt, numberAt, textAt, timestamp } from "../object.ts";
import type { ResourceType } from "../registry/resource-type.ts";
import { badRequest, forbidden, invalid, StatusError } from "../status.ts";
import type { ApiRequest, Target, World } from "../world.ts";
import { readRawBody } from "./decode-body.ts";
import { read } from "./get.ts";
import { isDryRun } from "./options.ts";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

const PERMANENT_NAMESPACES = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

export type Propagation = "Background" | "Foreground" | "Orphan";

/** How to delete: from the body, the query, or both. */
export interface DeleteWish {
  readonly propagation: Propagation | undefined;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly graceSeconds: number | undefined;
  readonly dryRun: boolean;
}

/** What a deletion answers: the object while something still holds it, otherwise a Status. */
export type DeleteAnswer =
  | { readonly kind: "object"; readonly status: 200 | 202; readonly object: KubeObject }
  | { readonly kind: "status"; readonly body: Record<string, unknown> };

/** DELETE of one object. */
export function remove(world: World, request: ApiRequest, target: Target): DeleteAnswer {
  const { type } = target;
  const wish = readWish(world, request);
  const object = read(world, target);
  if (type.table === "/namespaces" && PERMANENT_NAMESPACES.has(object.metadata.name ?? "")) {
    throw forbidden(type, object.metadata.name ?? "", "this namespace may not be deleted");
  }
  const left = deleteObject(world, type, object, wish);
  if (left !== undefined) return { kind: "object", status: 200, object: left };
  const { name, uid } = object.metadata;
  const details = { name, ...(type.group === "" ? {} : { group: type.group }), kind: type.plural, uid };
  return { kind: "status", body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
}

/** @throws StatusError 400 for a wish that makes no sense */
export function readWish(world: World, request: ApiRequest): DeleteWish {
  const body = request.body.length === 0 ? {} : readRawBody(request, "DeleteOptions", world).value;
  if (!isJsonObject(body)) throw badRequest("the body of a delete request is not DeleteOptions");
  const propagation = textAt(body, "propagationPolicy") || (request.query.get("propagationPolicy") ?? "");
  const orphan = body["orphanDependents"];
  const grace = numberAt(body, "gracePeriodSeconds") ?? queryNumber(request, "gracePeriodSeconds");
  return {
    propagation:
      readPropagation(propagation) ?? (orphan === true ? "Orphan" : orphan === false ? "Background" : undefined),
    uid: textAt(body, "preconditions", "uid"),
    resourceVersion: textAt(body, "preconditions", "resourceVersion"),
    graceSeconds: grace,
    dryRun: isDryRun(request, listAt(body, "dryRun")),
  };
}

function readPropagation(text: string): Propagation | undefined {
  if (text === "") return undefined;
  if (text === "Background" || text === "Foreground" || text === "Orphan") return text;
  const cause = notSupported("propagationPolicy", text, ["Foreground", "Background", "Orphan", "nil"]);
  throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [cause]);
}

function queryNumber(request: ApiRequest, name: string): number | undefined {
  const text = request.query.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/**
 * Deletes an object, or marks it for deletion while finalizers hold it.
 *
 * @returns what is still there; undefined when the object is gone
 * @throws StatusError 409 when a precondition does not hold
 */
export function deleteObject(
  world: World,
  type: ResourceType,
  object: KubeObject,
  wish: DeleteWish,
): KubeObject | undefined {
  checkPreconditions(type, object, wish);
  const finalizers = wantedFinalizers(object.metadata.finalizers ?? [], wish.propagation);
  const isNamespace = type.table === "/namespaces" && object.metadata.deletionTimestamp === undefined;
  if (finalizers.length === 0 && !isNamespace && !holdsNamespace(type, object)) {
    if (!wish.dryRun) world.store.remove(type.table, keyOfObject(object));
    return undefined;
  }
  if (object.metadata.deletionTimestamp !== undefined && sameItems(finalizers, object.metadata.finalizers ?? [])) {
    return object;
  }
  const marked = cloneObject(object);
  const { metadata } = marked;
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = timestamp(world.now());
    if (!isNamespace) metadata["deletionGracePeriodSeconds"] = 0;
    if (metadata.generation !== undefined) metadata.generation += 1;
  }
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  if (isNamespace)
    marked["status"] = { ...(isJsonObject(marked["status"]) ? marked["status"] : {}), phase: "Terminating" };
  return wish.dryRun ? marked : world.store.put(type.table, keyOfObject(marked), marked);
}

const holdsNamespace = (type: ResourceType, object: KubeObject) =>
  type.table === "/namespaces" && listAt(object, "spec", "finalizers").length > 0;

function wantedFinalizers(own: readonly string[], propagation: Propagation | undefined): string[] {
  if (propagation === undefined) return [...own];
  const others = own.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN);
  if (propagation === "Foreground") return [...others, FOREGROUND];
  return propagation === "Orphan" ? [...others, ORPHAN] : others;
}

const sameItems = (left: readonly string[], right: readonly string[]) =>
  left.length === right.length && left.every((item) => right.includes(item));

function checkPreconditions(type: ResourceType, { metadata }: KubeObject, wish: DeleteWish): void {
  const name = metadata.name ?? "";
  const fail = (why: string) =>
    new StatusError({
      code: 409,
      reason: "Conflict",
      message: `Operation cannot be fulfilled on ${type.kind}${type.group === "" ? "" : `.${type.group}`} "${name}": ${why}`,
      details: { name, ...(type.group === "" ? {} : { group: type.group }), kind: type.kind },
    });
  if (wish.uid !== "" && wish.uid !== metadata.uid) {
    throw fail(
      `the UID in the precondition (${wish.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (wish.resourceVersion !== "" && wish.resourceVersion !== metadata.resourceVersion) {
    throw fail(
      `the ResourceVersion in the precondition (${wish.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}
