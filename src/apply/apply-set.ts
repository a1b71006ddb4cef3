import { type ApiResource, type Clock, sleep } from "../kube/index.ts";
import { applyStages, type KubeObject, objectId, subjectOf } from "../objects/index.ts";
import { inParallel } from "../parallel.ts";
import { carryOut, failed, type ObjectOptions, planObject, type Step } from "./apply-object.ts";
import { type Change, changeOf } from "./change.ts";
import type { Owner } from "./controls.ts";
import { desiredObject } from "./desired.ts";
import { ApplyError } from "./errors.ts";
import { waitUntilHealthy } from "./wait.ts";

export interface ApplyOptions extends ObjectOptions {
  readonly owner: Owner;
  readonly clock: Clock;
  /** Objects that are worked on at the same time. Default 4. */
  readonly concurrency?: number | undefined;
  /** Kinds with a stage of their own before the rest. */
  readonly stageKinds?: readonly string[] | undefined;
}

const DEFAULT_CONCURRENCY = 4;
const STAGE_TIMEOUT_MS = 60_000;
const STAGE_POLL_MS = 2000;
/** How long a kind whose definition was just applied may take to be served. */
const DISCOVERY_MS = 10_000;
const DISCOVERY_POLL_MS = 500;
const DELETE_TIMEOUT_MS = 60_000;

/**
 * Applies a set of objects server-side: stage by stage, in each stage first a dry run of every object, and only when all
 * of them would be taken, those that differ.
 *
 * @returns one change per object, in the order of applying.
 * @throws {ApplyError} at the first stage that fails, with the changes made until then.
 */
export async function applySet(objects: readonly KubeObject[], options: ApplyOptions): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const desired = objects.map((object) => desiredObject(object, options.owner));
  const stages = applyStages(desired, { objectOf: (object) => object, extraKinds: options.stageKinds ?? [] });
  try {
    for (const stage of stages) {
      await applyStage(stage.items, changes, options);
      if (stage.mustBeReady) await waitForStage(stage.items, changes, options);
    }
  } catch (error) {
    throw error instanceof ApplyError ? error.after(changes) : error;
  }
  return changes;
}

async function applyStage(objects: readonly KubeObject[], changes: Change[], options: ApplyOptions): Promise<void> {
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  const steps = new Map<KubeObject, Step>();
  await inParallel(objects, concurrency, async (object) => {
    checkAborted(options);
    const resource = await resourceFor(object, changes, options);
    steps.set(object, await planObject(object, resource, options));
  });
  const done = new Map<KubeObject, Change>();
  const record = (): void => {
    for (const object of objects) {
      const change = done.get(object);
      if (change !== undefined) changes.push(change);
    }
  };
  try {
    await inParallel(objects, concurrency, async (object) => {
      checkAborted(options);
      const step = steps.get(object) ?? { kind: "skip" };
      if (step.kind === "recreate") await removeFirst(object, step.resource, options);
      await carryOut(object, step, options);
      done.set(object, changeOf(object, ACTIONS[step.kind]));
    });
  } finally {
    record();
  }
}

const ACTIONS = {
  skip: "skipped",
  keep: "unchanged",
  create: "created",
  configure: "configured",
  recreate: "configured",
} as const;

async function resourceFor(
  object: KubeObject,
  changes: readonly Change[],
  options: ApplyOptions,
): Promise<ApiResource> {
  const definedHere = changes.some(({ subject }) => subject.startsWith("CustomResourceDefinition/"));
  const until = options.clock.now() + (definedHere ? DISCOVERY_MS : 0);
  for (;;) {
    const found = await options.client.resourceFor(object.apiVersion, object.kind);
    if (found !== undefined) {
      checkNamespace(object, found);
      return found;
    }
    if (options.clock.now() >= until) throw unknownKind(object);
    await sleep(options.clock, DISCOVERY_POLL_MS, options.signal);
    checkAborted(options);
  }
}

function checkNamespace(object: KubeObject, resource: ApiResource): void {
  const given = object.metadata.namespace ?? "";
  if (resource.namespaced && given === "") {
    throw new ApplyError(
      "APPLY_NAMESPACE_MISSING",
      `${subjectOf(objectId(object))} namespace not specified: the server could not find the requested resource`,
      { hints: ["set metadata.namespace in the manifest"] },
    );
  }
}

/** Deletes an object whose immutable fields changed, and waits until it is gone. */
async function removeFirst(object: KubeObject, resource: ApiResource, options: ApplyOptions): Promise<void> {
  const { client, clock, signal } = options;
  const key = { namespace: object.metadata.namespace, name: object.metadata.name ?? "" };
  try {
    await client.delete(resource, key, { propagation: "Background", signal });
  } catch (error) {
    throw failed("APPLY_RECREATE_FAILED", object, error, { verb: "delete failed", options });
  }
  const until = clock.now() + DELETE_TIMEOUT_MS;
  for (
    let pauseMs = 20;
    (await client.get(resource, key, signal)) !== undefined;
    pauseMs = Math.min(pauseMs * 2, 2000)
  ) {
    if (clock.now() >= until) {
      throw new ApplyError(
        "APPLY_RECREATE_FAILED",
        `${subjectOf(objectId(object))} cannot be made again: it is still terminating`,
      );
    }
    await sleep(clock, pauseMs, signal);
    checkAborted(options);
  }
}

async function waitForStage(
  objects: readonly KubeObject[],
  changes: readonly Change[],
  options: ApplyOptions,
): Promise<void> {
  const skipped = new Set(changes.filter(({ action }) => action === "skipped").map(({ subject }) => subject));
  const targets = objects
    .map((object) => ({ apiVersion: object.apiVersion, id: objectId(object), applied: object }))
    .filter(({ id }) => !skipped.has(subjectOf(id)));
  const result = await waitUntilHealthy(targets, {
    client: options.client,
    clock: options.clock,
    timeoutMs: STAGE_TIMEOUT_MS,
    pollMs: STAGE_POLL_MS,
    signal: options.signal,
  });
  if (result.kind === "healthy") return;
  if (result.kind === "aborted") checkAborted(options);
  throw new ApplyError("APPLY_NOT_READY", `timeout waiting for: [${result.unhealthy.join(", ")}]`, {
    hints: ["what comes after needs them; look at their conditions with kubectl describe"],
  });
}

function checkAborted({ signal }: ApplyOptions): void {
  if (signal?.aborted === true) {
    throw new ApplyError("APPLY_ABORTED", "Cannot finish applying: the time is up, or the controller is stopping");
  }
}

function unknownKind(object: KubeObject): ApplyError {
  return new ApplyError(
    "APPLY_KIND_UNKNOWN",
    `${subjectOf(objectId(object))} dry-run failed: no matches for kind "${object.kind}" in version "${object.apiVersion}"`,
    { hints: ["its CustomResourceDefinition has to be there first: in the same set, or through dependsOn"] },
  );
}
