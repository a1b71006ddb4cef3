import { equalJson, type KubeObject } from "../../src/objects/index.ts";
import { keepTimestamps } from "../apply/managed-fields.ts";
import { forbidEscalation } from "../auth/escalation.ts";
import type { User } from "../auth/user.ts";
import { eventsToCore } from "../kinds/event.ts";
import { validateMetadata, validateMetadataUpdate } from "../kinds/metadata.ts";
import { keyOfObject } from "../object.ts";
import type { ResourceType, WriteContext } from "../registry/resource-type.ts";
import { validateCustom } from "../schema/validate.ts";
import { type Cause, forbidden, invalid, notFound } from "../status.ts";
import type { World } from "../world.ts";

export interface CommitOptions {
  readonly dryRun: boolean;
  readonly subresource: string | undefined;
  /** Whoever writes; undefined for the sandbox itself. */
  readonly user: User | undefined;
  /** Sets `metadata.managedFields` once the object has its final form. */
  readonly track: (object: KubeObject, old: KubeObject | undefined) => void;
}

/**
 * The last part of every write: normalise, validate, count the generation, record owners of fields, store.
 *
 * @returns the stored object; the old one, with its old revision, when nothing changed
 * @throws StatusError 422 when the object is not valid
 */
export function commit(
  world: World,
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
  options: CommitOptions,
): KubeObject {
  const context = writeContext(world, old, options.subresource);
  type.strategy.prepare?.(object, context);
  if (options.user !== undefined) forbidEscalation(world, options.user, type, object);
  options.track(object, old);
  type.strategy.allocate?.(object, context);
  if (type.strategy.generation === true) countGeneration(object, old, type);
  if (old !== undefined) keepTimestamps(object, old);
  const causes = problems(object, old, type, context);
  if (causes.length > 0) throw invalid(type, object.metadata.name ?? "", causes);
  const stored = inStorageVersion(object, type);
  const key = keyOfObject(stored);
  if (old !== undefined) {
    stored.metadata.resourceVersion = old.metadata.resourceVersion ?? "";
    if (isFinished(stored)) return options.dryRun ? stored : (world.store.remove(type.table, key) ?? stored);
    if (equalJson(stored, old)) return old;
  }
  if (options.dryRun) {
    if (old === undefined) delete stored.metadata.resourceVersion;
    return stored;
  }
  world.store.requireRoom(stored, old);
  return world.store.put(type.table, key, stored);
}

function writeContext(world: World, old: KubeObject | undefined, subresource: string | undefined): WriteContext {
  return {
    old,
    subresource,
    now: world.now(),
    taken: (group, plural, matches) => world.store.list(`${group}/${plural}`).some(matches),
  };
}

function problems(
  object: KubeObject,
  old: KubeObject | undefined,
  type: ResourceType,
  context: WriteContext,
): readonly Cause[] {
  const causes = validateMetadata(object, type, old);
  if (old !== undefined) causes.push(...validateMetadataUpdate(object, old));
  if (type.custom !== undefined) causes.push(...validateCustom(object, type.schema));
  causes.push(...(type.strategy.validate?.(object, context) ?? []));
  return causes;
}

/** Every change of anything but metadata and status is a new generation. */
function countGeneration(object: KubeObject, old: KubeObject | undefined, type: ResourceType): void {
  if (old === undefined) {
    object.metadata.generation = 1;
    return;
  }
  const before = old.metadata.generation ?? 1;
  object.metadata.generation = equalJson(desired(object, type), desired(old, type)) ? before : before + 1;
}

function desired(object: KubeObject, type: ResourceType): Record<string, unknown> {
  const { metadata, status: _status, apiVersion: _apiVersion, ...rest } = object;
  return type.strategy.generationOfAnnotations === true ? { ...rest, annotations: metadata.annotations ?? {} } : rest;
}

/** Something that is being deleted goes when its last finalizer does. */
function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (deletionTimestamp === undefined || (finalizers?.length ?? 0) > 0) return false;
  if (object.kind === "Namespace" && object.apiVersion === "v1") return !hasSpecFinalizers(object);
  return (typeof deletionGracePeriodSeconds === "number" ? deletionGracePeriodSeconds : 0) === 0;
}

function hasSpecFinalizers(namespace: KubeObject): boolean {
  const spec = namespace["spec"];
  return (
    typeof spec === "object" &&
    spec !== null &&
    "finalizers" in spec &&
    Array.isArray(spec.finalizers) &&
    spec.finalizers.length > 0
  );
}

function inStorageVersion(object: KubeObject, type: ResourceType): KubeObject {
  if (type.group === "events.k8s.io") eventsToCore(object);
  if (type.custom !== undefined) object.apiVersion = `${type.group}/${type.custom.storageVersion}`;
  return object;
}

/** @throws StatusError 404 when the namespace does not exist, 403 when it is on its way out */
export function requireNamespace(world: World, type: ResourceType, namespace: string, name: string): void {
  const found = world.store.get("/namespaces", `/${namespace}`);
  if (found === undefined) throw notFound({ group: "", plural: "namespaces" }, namespace);
  if (found.metadata.deletionTimestamp !== undefined) {
    throw forbidden(
      type,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    );
  }
}
