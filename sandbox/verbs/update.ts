import type { KubeObject } from "../../src/objects/index.ts";
import { trackUpdate } from "../apply/track.ts";
import type { User } from "../auth/user.ts";
import { invalidValue } from "../kinds/causes.ts";
import { cloneObject, storageKey } from "../object.ts";
import type { ResourceType } from "../registry/resource-type.ts";
import { badRequest, conflict, invalid, notFound, OBJECT_MODIFIED } from "../status.ts";
import type { ApiRequest, ObjectAnswer, Target, World } from "../world.ts";
import { commit } from "./commit.ts";
import { createObject, placeInNamespace, resetsStatus } from "./create.ts";
import { decodeObject, readRawBody } from "./decode-body.ts";
import { present } from "./get.ts";
import { fieldManager, isDryRun, nameOf } from "./options.ts";

/** PUT of one object, or of its status. */
export function update(world: World, request: ApiRequest, target: Target): ObjectAnswer {
  const { type, subresource } = target;
  const name = nameOf(target);
  const object = decodeObject(readRawBody(request, type.kind, world), type, request, world);
  checkName(object, name);
  placeInNamespace(object, type, target.namespace);
  const old = world.store.get(type.table, storageKey(target.namespace ?? "", name));
  const manager = fieldManager(request);
  const dryRun = isDryRun(request);
  const { user } = request;
  if (old === undefined) {
    if (type.strategy.createOnUpdate !== true || subresource !== undefined) throw notFound(type, name);
    const track = (made: KubeObject) => trackUpdate(world, type, made, undefined, { manager, subresource });
    return {
      status: 201,
      object: createObject(world, type, object, { namespace: target.namespace, dryRun, user, track }),
    };
  }
  requireRevision(object, type);
  const track = (made: KubeObject) => trackUpdate(world, type, made, old, { manager, subresource });
  return { status: 200, object: replaceObject(world, type, object, old, { dryRun, user, subresource, track }) };
}

/** @throws StatusError 400 when body and path name different objects */
export function checkName(object: KubeObject, name: string): void {
  const given = object.metadata.name ?? "";
  if (given === "")
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
}

/** A custom resource is never overwritten blindly. */
function requireRevision(object: KubeObject, type: ResourceType): void {
  if (type.custom === undefined || (object.metadata.resourceVersion ?? "") !== "") return;
  const cause = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
  throw invalid({ group: type.group, kind: type.plural }, object.metadata.name ?? "", [cause]);
}

interface ReplaceOptions {
  readonly dryRun: boolean;
  readonly user: User | undefined;
  readonly subresource: string | undefined;
  readonly track: (object: KubeObject, old: KubeObject | undefined) => void;
}

/**
 * Stores `object` in place of `old`: the second half of PUT and of every kind of PATCH.
 *
 * @throws StatusError 409 when the object carries another revision or uid than the stored one
 */
export function replaceObject(
  world: World,
  type: ResourceType,
  object: KubeObject,
  old: KubeObject,
  options: ReplaceOptions,
): KubeObject {
  checkPreconditions(object, old, type);
  const shown = present(old, type);
  const next = options.subresource === "status" ? withStatus(shown, object) : object;
  keepSystemFields(next, old);
  if (options.subresource === undefined && resetsStatus(type)) keepField(next, shown, "status");
  return commit(world, type, next, old, options);
}

function checkPreconditions(object: KubeObject, old: KubeObject, type: ResourceType): void {
  const { resourceVersion = "", uid = "" } = object.metadata;
  const name = old.metadata.name ?? "";
  if (uid !== "" && uid !== old.metadata.uid) {
    const path = `${type.plural}/${old.metadata.namespace === undefined ? "" : `${old.metadata.namespace}/`}${name}`;
    throw conflict(
      type,
      name,
      `StorageError: invalid object, Code: 4, Key: /registry/${path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if (resourceVersion !== "" && resourceVersion !== "0" && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(type, name, OBJECT_MODIFIED);
  }
}

/** A write to `status` changes the status, and of the metadata only who owns the fields. */
function withStatus(old: KubeObject, given: KubeObject): KubeObject {
  const next = cloneObject(old);
  keepField(next, given, "status");
  if (given.metadata["managedFields"] !== undefined) next.metadata["managedFields"] = given.metadata["managedFields"];
  return next;
}

function keepField(target: KubeObject, source: KubeObject, field: string): void {
  if (source[field] === undefined) delete target[field];
  else target[field] = structuredClone(source[field]);
}

/** What only the server sets is taken from the stored object. */
function keepSystemFields(object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  metadata.name = old.metadata.name ?? "";
  metadata.uid = old.metadata.uid ?? "";
  for (const field of ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"]) {
    if (old.metadata[field] === undefined) delete metadata[field];
    else metadata[field] = old.metadata[field];
  }
  delete metadata["selfLink"];
  metadata.resourceVersion = old.metadata.resourceVersion ?? "";
}
