import type { KubeObject } from "../../src/objects/index.ts";
import { trackUpdate } from "../apply/track.ts";
import type { User } from "../auth/user.ts";
import { keyOfObject, timestamp } from "../object.ts";
import type { ResourceType } from "../registry/resource-type.ts";
import { alreadyExists, badRequest, methodNotAllowed, StatusError } from "../status.ts";
import type { ApiRequest, ObjectAnswer, Target, World } from "../world.ts";
import { commit, requireNamespace } from "./commit.ts";
import { decodeObject, readRawBody } from "./decode-body.ts";
import { fieldManager, isDryRun } from "./options.ts";

/** Bytes of the random part of a generated name. */
const SUFFIX_LENGTH = 5;
const MAX_GENERATED = 63 - SUFFIX_LENGTH;

const WRONG_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request";

/** POST to a collection. */
export function create(world: World, request: ApiRequest, target: Target): ObjectAnswer {
  const { type } = target;
  if (target.name !== undefined) throw methodNotAllowed();
  const object = decodeObject(readRawBody(request, type.kind, world), type, request, world);
  if ((object.metadata.resourceVersion ?? "") !== "") {
    const message = "resourceVersion should not be set on objects to be created";
    throw new StatusError({ code: 500, reason: "", message });
  }
  const manager = fieldManager(request);
  const created = createObject(world, type, object, {
    namespace: target.namespace,
    dryRun: isDryRun(request),
    user: request.user,
    track: (made) => trackUpdate(world, type, made, undefined, { manager, subresource: undefined }),
  });
  return { status: 201, object: created };
}

interface CreateOptions {
  readonly namespace: string | undefined;
  readonly dryRun: boolean;
  readonly user: User | undefined;
  readonly track: (object: KubeObject) => void;
}

/** Stores an object that does not exist yet; also the end of an apply or a PUT that creates. */
export function createObject(world: World, type: ResourceType, object: KubeObject, options: CreateOptions): KubeObject {
  placeInNamespace(object, type, options.namespace);
  const { metadata } = object;
  if ((metadata.name ?? "") === "" && (metadata.generateName ?? "") !== "") {
    metadata.name = `${(metadata.generateName ?? "").slice(0, MAX_GENERATED)}${world.word(SUFFIX_LENGTH)}`;
  }
  const name = metadata.name ?? "";
  if (type.namespaced) requireNamespace(world, type, metadata.namespace ?? "", name);
  const key = keyOfObject(object);
  const existing = name === "" ? undefined : world.store.get(type.table, key);
  if (existing !== undefined) throw alreadyExists(type, name, existing.metadata.deletionTimestamp !== undefined);
  metadata.uid = world.uuid();
  metadata.creationTimestamp = timestamp(world.now());
  delete metadata.resourceVersion;
  delete metadata.deletionTimestamp;
  delete metadata["deletionGracePeriodSeconds"];
  delete metadata["selfLink"];
  delete metadata.generation;
  if (resetsStatus(type)) delete object["status"];
  return commit(world, type, object, undefined, {
    dryRun: options.dryRun,
    user: options.user,
    subresource: undefined,
    track: options.track,
  });
}

/** Whether status is written through a subresource only. */
export const resetsStatus = (type: ResourceType): boolean => type.subresources.has("status");

/** @throws StatusError 400 when body and path name different namespaces */
export function placeInNamespace(object: KubeObject, type: ResourceType, namespace: string | undefined): void {
  const { metadata } = object;
  if (!type.namespaced) {
    if ((metadata.namespace ?? "") !== "") {
      throw badRequest(WRONG_NAMESPACE);
    }
    delete metadata.namespace;
    return;
  }
  if ((metadata.namespace ?? "") !== "" && metadata.namespace !== namespace) {
    throw badRequest(WRONG_NAMESPACE);
  }
  metadata.namespace = namespace ?? "";
}
