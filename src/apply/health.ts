import { fieldAt, isRecord, type KubeObject, listAt, numberAt, splitApiVersion, textAt } from "../objects/index.ts";

export type Health = "Current" | "InProgress" | "Failed" | "Terminating" | "NotFound";

const MAX_INT32 = 2147483647;
/** How long a pod may be unschedulable before that counts as failed. */
const UNSCHEDULABLE_MS = 15_000;

/**
 * The state of a live object, as Flux and kstatus see it: first what holds for every kind, then the kind's own rules.
 *
 * Source: kstatus (sigs.k8s.io/cli-utils), with Flux's rule for Jobs.
 */
export function healthOf(object: KubeObject, nowMs: number): Health {
  if (object.metadata.deletionTimestamp != null) return "Terminating";
  const observed = numberAt(object, "status", "observedGeneration");
  if (observed !== undefined && observed !== object.metadata.generation) return "InProgress";
  if (conditionStatus(object, "Reconciling") === "True") return "InProgress";
  if (conditionStatus(object, "Stalled") === "True") return "Failed";
  const { group } = splitApiVersion(object.apiVersion);
  const rule = RULES.get(`${group}/${object.kind}`) ?? byReadyCondition;
  return rule(object, nowMs);
}

/** What the object itself says about why it failed, where its kind has a place for that. */
export function failureOf(object: KubeObject): string | undefined {
  return object.kind === "SealedSecret" ? textAt(condition(object, "Synced"), "message") : undefined;
}

type Rule = (object: KubeObject, nowMs: number) => Health;

const always: Rule = () => "Current";

const byReadyCondition: Rule = (object) => {
  const ready = conditionStatus(object, "Ready");
  return ready === undefined || ready === "True" ? "Current" : "InProgress";
};

const deployment: Rule = (object) => {
  const progressing = condition(object, "Progressing");
  if (textAt(progressing, "reason") === "ProgressDeadlineExceeded") return "Failed";
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const { total, updated, available, ready } = replicaCounts(object);
  if (wanted > total || wanted > updated || total > wanted || updated > available || wanted > ready)
    return "InProgress";
  const deadline = numberAt(object, "spec", "progressDeadlineSeconds");
  if (deadline !== undefined && deadline !== MAX_INT32) {
    const rolledOut =
      textAt(progressing, "status") === "True" && textAt(progressing, "reason") === "NewReplicaSetAvailable";
    if (!rolledOut) return "InProgress";
  }
  return conditionStatus(object, "Available") === "True" ? "Current" : "InProgress";
};

const statefulSet: Rule = (object) => {
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") return "Current";
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const { total, updated, ready } = replicaCounts(object);
  if (wanted > total || wanted > ready || total > wanted) return "InProgress";
  const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
  if (partition > 0) return updated < wanted - partition ? "InProgress" : "Current";
  if (wanted > (numberAt(object, "status", "currentReplicas") ?? 0)) return "InProgress";
  const same = textAt(object, "status", "currentRevision") === textAt(object, "status", "updateRevision");
  return same ? "Current" : "InProgress";
};

const daemonSet: Rule = (object) => {
  const count = (name: string) => numberAt(object, "status", name) ?? 0;
  const desired = numberAt(object, "status", "desiredNumberScheduled");
  const known =
    object.metadata.generation !== undefined && numberAt(object, "status", "observedGeneration") !== undefined;
  if (!known || desired === undefined) return "InProgress";
  const names = ["currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady"];
  return names.some((name) => desired > count(name)) ? "InProgress" : "Current";
};

const replicaSet: Rule = (object) => {
  if (conditionStatus(object, "ReplicaFailure") === "True") return "InProgress";
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const labelled = numberAt(object, "status", "fullyLabeledReplicas") ?? 0;
  const { total, available, ready } = replicaCounts(object);
  return wanted > labelled || wanted > available || wanted > ready || total > wanted ? "InProgress" : "Current";
};

const pod: Rule = (object, nowMs) => {
  switch (textAt(object, "status", "phase")) {
    case "Succeeded":
    case "Failed":
      return "Current";
    case "Running":
      if (conditionStatus(object, "Ready") === "True") return "Current";
      return isCrashLooping(object) ? "Failed" : "InProgress";
    case "Pending":
      return isUnschedulable(object, nowMs) ? "Failed" : "InProgress";
    default:
      return "InProgress";
  }
};

function isCrashLooping(object: KubeObject): boolean {
  const containers = [
    ...listAt(object, "status", "initContainerStatuses"),
    ...listAt(object, "status", "containerStatuses"),
  ];
  return containers.some((container) => textAt(container, "state", "waiting", "reason") === "CrashLoopBackOff");
}

function isUnschedulable(object: KubeObject, nowMs: number): boolean {
  const scheduled = condition(object, "PodScheduled");
  if (textAt(scheduled, "status") !== "False" || textAt(scheduled, "reason") !== "Unschedulable") return false;
  return nowMs - Date.parse(textAt(scheduled, "lastTransitionTime") ?? "") > UNSCHEDULABLE_MS;
}

/** Flux's own rule: a Job has to end, where kstatus is content with a start. */
const job: Rule = (object) => {
  if (conditionStatus(object, "Failed") === "True") return "Failed";
  return conditionStatus(object, "Complete") === "True" ? "Current" : "InProgress";
};

const definition: Rule = (object) => {
  if (conditionStatus(object, "NamesAccepted") === "False") return "Failed";
  const established = condition(object, "Established");
  if (textAt(established, "status") === "True") return "Current";
  const failed = textAt(established, "status") === "False" && textAt(established, "reason") !== "Installing";
  return failed ? "Failed" : "InProgress";
};

const claim: Rule = (object) => (textAt(object, "status", "phase") === "Bound" ? "Current" : "InProgress");

const service: Rule = (object) => {
  if (textAt(object, "spec", "type") !== "LoadBalancer") return "Current";
  return (textAt(object, "spec", "clusterIP") ?? "") === "" ? "InProgress" : "Current";
};

/**
 * Ours: an object of sealed-secrets never sets Ready, so Flux takes one that does not open for healthy. Without a status
 * (no controller, or one that writes none) it counts as there.
 */
const sealedSecret: Rule = (object) => (conditionStatus(object, "Synced") === "False" ? "Failed" : "Current");

const RULES: ReadonlyMap<string, Rule> = new Map([
  ["apps/Deployment", deployment],
  ["apps/StatefulSet", statefulSet],
  ["apps/DaemonSet", daemonSet],
  ["apps/ReplicaSet", replicaSet],
  ["/Pod", pod],
  ["/PersistentVolumeClaim", claim],
  ["/Service", service],
  ["batch/Job", job],
  ["batch/CronJob", always],
  ["policy/PodDisruptionBudget", always],
  ["/Secret", always],
  ["/ConfigMap", always],
  ["apiextensions.k8s.io/CustomResourceDefinition", definition],
  ["bitnami.com/SealedSecret", sealedSecret],
]);

function replicaCounts(object: KubeObject) {
  const count = (name: string) => numberAt(object, "status", name) ?? 0;
  return {
    total: count("replicas"),
    updated: count("updatedReplicas"),
    available: count("availableReplicas"),
    ready: count("readyReplicas"),
  };
}

function condition(object: KubeObject, type: string): unknown {
  return listAt(object, "status", "conditions").find((one) => isRecord(one) && fieldAt(one, "type") === type);
}

function conditionStatus(object: KubeObject, type: string): string | undefined {
  return textAt(condition(object, type), "status");
}
