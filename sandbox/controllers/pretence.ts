import { equalJson, type JsonObject, type KubeObject } from "../../src/objects/index.ts";
import { trackUpdate } from "../apply/track.ts";
import { cloneObject, listAt, numberAt, textAt, timestamp, valueAt } from "../object.ts";
import { type ResourceType, tableOf } from "../registry/resource-type.ts";
import type { Change } from "../storage/event-log.ts";
import type { World } from "../world.ts";
import { reactTo } from "./loop.ts";

type Pretend = (object: KubeObject, time: string) => JsonObject | undefined;

/**
 * Nothing runs pods here, so workloads would wait for ever. These kinds get the status that a healthy cluster would
 * give them, a moment after each change of their spec; no pods or replica sets are made.
 */
const PRETENCES: ReadonlyMap<string, Pretend> = new Map([
  [tableOf("apps", "deployments"), deploymentStatus],
  [tableOf("apps", "replicasets"), replicaStatus],
  [tableOf("apps", "statefulsets"), statefulSetStatus],
  [tableOf("apps", "daemonsets"), daemonSetStatus],
  [tableOf("batch", "jobs"), jobStatus],
  [tableOf("", "persistentvolumeclaims"), claimStatus],
  [tableOf("", "pods"), podStatus],
]);

const MANAGER = "kube-controller-manager";

export function pretendReady(world: World): () => void {
  const pending = new Map<string, Change>();
  const stop = world.store.subscribe((change) => {
    if (PRETENCES.has(change.table) && change.type !== "DELETED") pending.set(`${change.table} ${change.key}`, change);
  });
  const stopLoop = reactTo(
    world,
    () => pending.size > 0,
    () => {
      const changes = [...pending.values()];
      pending.clear();
      for (const { table, key } of changes) pretend(world, table, key);
      return pending.size > 0;
    },
  );
  return () => {
    stop();
    stopLoop();
  };
}

function pretend(world: World, table: string, key: string): void {
  const object = world.store.get(table, key);
  const type = world.registry.all().find((each) => each.table === table);
  if (object === undefined || type === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const status = PRETENCES.get(table)?.(object, timestamp(world.now()));
  if (status === undefined || equalJson(status, object["status"])) return;
  writeStatus(world, type, object, status, key);
}

function writeStatus(world: World, type: ResourceType, object: KubeObject, status: JsonObject, key: string): void {
  const next = cloneObject(object);
  next["status"] = status;
  trackUpdate(world, type, next, object, { manager: MANAGER, subresource: "status" });
  world.store.put(type.table, key, next);
}

/** Conditions keep the time of their last transition. */
function conditions(object: KubeObject, time: string, wanted: readonly JsonObject[]): JsonObject[] {
  return wanted.map((condition) => {
    const before = listAt(object, "status", "conditions").find((entry) => textAt(entry, "type") === condition["type"]);
    const same = textAt(before, "status") === condition["status"];
    const since = same ? textAt(before, "lastTransitionTime") : time;
    const updated = same ? textAt(before, "lastUpdateTime") : time;
    return { ...condition, lastTransitionTime: since, ...(updated === "" ? {} : { lastUpdateTime: updated }) };
  });
}

const generation = (object: KubeObject) => object.metadata.generation ?? 1;
const replicas = (object: KubeObject) => numberAt(object, "spec", "replicas") ?? 1;

function deploymentStatus(deployment: KubeObject, time: string): JsonObject | undefined {
  if (valueAt(deployment, "spec", "paused") === true) return undefined;
  const count = replicas(deployment);
  return {
    observedGeneration: generation(deployment),
    ...(count === 0 ? {} : { replicas: count, updatedReplicas: count, readyReplicas: count, availableReplicas: count }),
    conditions: conditions(deployment, time, [
      {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      },
      {
        type: "Progressing",
        status: "True",
        reason: "NewReplicaSetAvailable",
        message: `ReplicaSet "${deployment.metadata.name}" has successfully progressed.`,
      },
    ]),
  };
}

function replicaStatus(set: KubeObject): JsonObject {
  const count = replicas(set);
  return {
    observedGeneration: generation(set),
    replicas: count,
    ...(count === 0 ? {} : { fullyLabeledReplicas: count, readyReplicas: count, availableReplicas: count }),
  };
}

function statefulSetStatus(set: KubeObject): JsonObject {
  const count = replicas(set);
  const revision = `${set.metadata.name}-${generation(set)}`;
  return {
    observedGeneration: generation(set),
    replicas: count,
    ...(count === 0 ? {} : { readyReplicas: count, currentReplicas: count, updatedReplicas: count }),
    availableReplicas: count,
    currentRevision: revision,
    updateRevision: revision,
    collisionCount: 0,
  };
}

/** One node would run one pod of it. */
function daemonSetStatus(set: KubeObject): JsonObject {
  return {
    observedGeneration: generation(set),
    currentNumberScheduled: 1,
    desiredNumberScheduled: 1,
    numberMisscheduled: 0,
    numberReady: 1,
    numberAvailable: 1,
    updatedNumberScheduled: 1,
  };
}

function jobStatus(job: KubeObject, time: string): JsonObject | undefined {
  if (valueAt(job, "spec", "suspend") === true) return undefined;
  const startTime = textAt(job, "status", "startTime") || time;
  const completionTime = textAt(job, "status", "completionTime") || time;
  const message = "Reached expected number of succeeded pods";
  return {
    startTime,
    completionTime,
    succeeded: numberAt(job, "spec", "completions") ?? 1,
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
    conditions: ["SuccessCriteriaMet", "Complete"].map((type) => ({
      type,
      status: "True",
      lastProbeTime: completionTime,
      lastTransitionTime: completionTime,
      reason: "CompletionsReached",
      message,
    })),
  };
}

function claimStatus(claim: KubeObject): JsonObject {
  const capacity = valueAt(claim, "spec", "resources", "requests");
  return { phase: "Bound", accessModes: listAt(claim, "spec", "accessModes"), capacity };
}

function podStatus(pod: KubeObject, time: string): JsonObject | undefined {
  const phase = textAt(pod, "status", "phase");
  if (phase !== "" && phase !== "Pending") return undefined;
  return {
    observedGeneration: generation(pod),
    phase: "Running",
    qosClass: textAt(pod, "status", "qosClass"),
    startTime: time,
    conditions: conditions(
      pod,
      time,
      ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
        type,
        status: "True",
        lastProbeTime: null,
      })),
    ).map(({ lastUpdateTime: _updated, ...condition }) => condition),
    containerStatuses: listAt(pod, "spec", "containers").map((container) => ({
      name: textAt(container, "name"),
      image: textAt(container, "image"),
      imageID: "",
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: time } },
      lastState: {},
    })),
  };
}
