import { equalJson, isJsonObject, type JsonObject, type KubeObject } from "../../src/objects/index.ts";
import { at, child, listAt, numberAt, textAt, valueAt } from "../object.ts";
import type { Strategy, WriteContext } from "../registry/resource-type.ts";
import type { Cause } from "../status.ts";
import { IMMUTABLE, invalidValue, required } from "./causes.ts";
import { byDefault, defaultPodSpec, templateSpec, validatePodSpec } from "./pod-template.ts";

export const deploymentStrategy: Strategy = {
  generation: true,
  generationOfAnnotations: true,
  prepare: (deployment) => {
    const spec = child(deployment, "spec");
    byDefault(spec, "replicas", 1);
    byDefault(spec, "revisionHistoryLimit", 10);
    byDefault(spec, "progressDeadlineSeconds", 600);
    const strategy = child(spec, "strategy");
    byDefault(strategy, "type", "RollingUpdate");
    if (strategy["type"] === "RollingUpdate") {
      const rolling = child(strategy, "rollingUpdate");
      byDefault(rolling, "maxUnavailable", "25%");
      byDefault(rolling, "maxSurge", "25%");
    }
    defaultPodSpec(templateSpec(spec));
    byDefault(deployment, "status", {});
  },
  validate: (deployment, context) => [
    ...validateSelected(deployment, context),
    ...validatePodSpec(at(deployment, "spec", "template", "spec"), "spec.template.spec", ["Always"]),
  ],
};

export const replicaSetStrategy: Strategy = {
  generation: true,
  prepare: (set) => {
    const spec = child(set, "spec");
    byDefault(spec, "replicas", 1);
    defaultPodSpec(templateSpec(spec));
    byDefault(set, "status", { replicas: 0 });
  },
  validate: (set, context) => [
    ...validateSelected(set, context),
    ...validatePodSpec(at(set, "spec", "template", "spec"), "spec.template.spec", ["Always"]),
  ],
  selectable: { "status.replicas": (set) => String(numberAt(set, "status", "replicas") ?? 0) },
};

export const statefulSetStrategy: Strategy = {
  generation: true,
  prepare: (set) => {
    const spec = child(set, "spec");
    byDefault(spec, "replicas", 1);
    byDefault(spec, "podManagementPolicy", "OrderedReady");
    byDefault(spec, "revisionHistoryLimit", 10);
    const strategy = child(spec, "updateStrategy");
    byDefault(strategy, "type", "RollingUpdate");
    if (strategy["type"] === "RollingUpdate") byDefault(child(strategy, "rollingUpdate"), "partition", 0);
    const retention = child(spec, "persistentVolumeClaimRetentionPolicy");
    for (const claim of listAt(spec, "volumeClaimTemplates")) {
      if (!isJsonObject(claim)) continue;
      byDefault(claim, "apiVersion", "v1");
      byDefault(claim, "kind", "PersistentVolumeClaim");
      byDefault(child(claim, "spec"), "volumeMode", "Filesystem");
      byDefault(claim, "status", { phase: "Pending" });
    }
    byDefault(retention, "whenDeleted", "Retain");
    byDefault(retention, "whenScaled", "Retain");
    defaultPodSpec(templateSpec(spec));
    byDefault(set, "status", { replicas: 0, availableReplicas: 0 });
  },
  validate: (set, context) => [
    ...validateSelected(set, context),
    ...validatePodSpec(at(set, "spec", "template", "spec"), "spec.template.spec", ["Always"]),
  ],
};

const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

export const daemonSetStrategy: Strategy = {
  generation: true,
  prepare: (set, { old }) => {
    const spec = child(set, "spec");
    byDefault(spec, "revisionHistoryLimit", 10);
    const strategy = child(spec, "updateStrategy");
    byDefault(strategy, "type", "RollingUpdate");
    if (strategy["type"] === "RollingUpdate") {
      const rolling = child(strategy, "rollingUpdate");
      byDefault(rolling, "maxUnavailable", 1);
      byDefault(rolling, "maxSurge", 0);
    }
    defaultPodSpec(templateSpec(spec));
    const status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    byDefault(set, "status", status);
    const before = Number(old?.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
    const changed = !equalJson(valueAt(set, "spec", "template"), valueAt(old, "spec", "template"));
    set.metadata.annotations = {
      ...set.metadata.annotations,
      [TEMPLATE_GENERATION]: String(changed ? before + 1 : before),
    };
  },
  validate: (set, context) => [
    ...validateSelected(set, context),
    ...validatePodSpec(at(set, "spec", "template", "spec"), "spec.template.spec", ["Always"]),
  ],
};

export const jobStrategy: Strategy = {
  generation: true,
  prepare: (job) => {
    const spec = child(job, "spec");
    byDefault(spec, "parallelism", 1);
    byDefault(spec, "completions", 1);
    byDefault(spec, "backoffLimit", 6);
    byDefault(spec, "manualSelector", false);
    byDefault(spec, "completionMode", "NonIndexed");
    byDefault(spec, "suspend", false);
    byDefault(spec, "podReplacementPolicy", "TerminatingOrFailed");
    templateSpec(spec)["restartPolicy"] ??= "";
    defaultPodSpec(templateSpec(spec));
    byDefault(job, "status", {});
  },
  allocate: (job, { old }) => {
    const spec = child(job, "spec");
    if (old === undefined && spec["manualSelector"] !== true) labelJob(job, spec);
  },
  validate: (job, { old }) => [
    ...validatePodSpec(at(job, "spec", "template", "spec"), "spec.template.spec", ["OnFailure", "Never"]),
    ...unchanged(job, old, [
      ["spec", "selector"],
      ["spec", "completionMode"],
      ["spec", "template"],
    ]),
  ],
  selectable: { "status.successful": (job) => String(numberAt(job, "status", "succeeded") ?? 0) },
};

/** A Job selects its pods by its own uid. */
function labelJob(job: KubeObject, spec: JsonObject): void {
  const uid = job.metadata.uid ?? "";
  const name = job.metadata.name ?? "";
  spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
  const metadata = child(child(spec, "template"), "metadata");
  Object.assign(child(metadata, "labels"), {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  });
}

export const cronJobStrategy: Strategy = {
  generation: true,
  prepare: (job) => {
    const spec = child(job, "spec");
    byDefault(spec, "concurrencyPolicy", "Allow");
    byDefault(spec, "suspend", false);
    byDefault(spec, "successfulJobsHistoryLimit", 3);
    byDefault(spec, "failedJobsHistoryLimit", 1);
    const template = child(spec, "jobTemplate");
    child(template, "metadata");
    const jobSpec = child(template, "spec");
    child(child(jobSpec, "template"), "metadata");
    templateSpec(jobSpec)["restartPolicy"] ??= "";
    defaultPodSpec(templateSpec(jobSpec));
    byDefault(job, "status", {});
  },
  validate: (job) => {
    const spec = at(job, "spec", "jobTemplate", "spec", "template", "spec");
    const causes = validatePodSpec(spec, "spec.jobTemplate.spec.template.spec", ["OnFailure", "Never"]);
    return [...validateSchedule(textAt(job, "spec", "schedule")), ...causes];
  },
};

function validateSchedule(schedule: string): Cause[] {
  if (schedule === "") return [required("spec.schedule")];
  const fields = schedule.trim().split(/\s+/);
  if (schedule.startsWith("@") || fields.length === 5) return [];
  const why = `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`;
  return [invalidValue("spec.schedule", schedule, why)];
}

export const podStrategy: Strategy = {
  generation: true,
  prepare: (pod) => {
    const spec = child(pod, "spec");
    for (const list of ["initContainers", "containers"]) {
      for (const container of listAt(spec, list)) if (isJsonObject(container)) requestLimits(container);
    }
    defaultPodSpec(spec);
    byDefault(spec, "enableServiceLinks", true);
    byDefault(pod, "status", { phase: "Pending", qosClass: qualityOf(spec) });
  },
  allocate: (pod) => {
    const spec = child(pod, "spec");
    byDefault(spec, "preemptionPolicy", "PreemptLowerPriority");
    byDefault(spec, "priority", 0);
    const given = listAt(spec, "tolerations");
    const wanted = [notReady("not-ready"), notReady("unreachable")];
    spec["tolerations"] = [
      ...given,
      ...wanted.filter(({ key }) => !given.some((entry) => textAt(entry, "key") === key)),
    ];
  },
  validate: (pod) => validatePodSpec(at(pod, "spec"), "spec", ["Always", "OnFailure", "Never"]),
  selectable: {
    "spec.nodeName": (pod) => textAt(pod, "spec", "nodeName"),
    "spec.restartPolicy": (pod) => textAt(pod, "spec", "restartPolicy"),
    "spec.schedulerName": (pod) => textAt(pod, "spec", "schedulerName"),
    "spec.serviceAccountName": (pod) => textAt(pod, "spec", "serviceAccountName"),
    "spec.hostNetwork": (pod) => String(valueAt(pod, "spec", "hostNetwork") === true),
    "status.phase": (pod) => textAt(pod, "status", "phase"),
    "status.podIP": (pod) => textAt(pod, "status", "podIP"),
    "status.nominatedNodeName": (pod) => textAt(pod, "status", "nominatedNodeName"),
  },
};

/** What is limited is also requested, unless something else is. */
function requestLimits(container: JsonObject): void {
  const limits = at(container, "resources", "limits");
  if (Object.keys(limits).length === 0) return;
  const requests = child(child(container, "resources"), "requests");
  for (const [name, limit] of Object.entries(limits)) byDefault(requests, name, limit);
}

function qualityOf(spec: JsonObject): string {
  const containers = [...listAt(spec, "initContainers"), ...listAt(spec, "containers")].map((each) =>
    at(each, "resources"),
  );
  const sizes = containers.flatMap((resources) => [at(resources, "limits"), at(resources, "requests")]);
  if (sizes.every((size) => size["cpu"] === undefined && size["memory"] === undefined)) return "BestEffort";
  const guaranteed = containers.every((resources) =>
    ["cpu", "memory"].every((name) => {
      const limit = at(resources, "limits")[name];
      return limit !== undefined && limit === at(resources, "requests")[name];
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

const notReady = (why: string) => ({
  key: `node.kubernetes.io/${why}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 300,
});

/** A workload selects the pods of its own template, and its selector is for life. */
function validateSelected(workload: KubeObject, { old }: WriteContext): Cause[] {
  const causes: Cause[] = [];
  const selector = valueAt(workload, "spec", "selector");
  const labels = valueAt(workload, "spec", "template", "metadata", "labels");
  if (!isJsonObject(selector)) causes.push(required("spec.selector"));
  else if (Object.keys(selector).length === 0) {
    causes.push(invalidValue("spec.selector", selector, "empty selector is invalid for deployment"));
  }
  if (!selects(selector, labels)) {
    causes.push(invalidValue("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
  }
  return [...causes, ...unchanged(workload, old, [["spec", "selector"]])];
}

function selects(selector: unknown, labels: unknown): boolean {
  if (!isJsonObject(selector)) return false;
  const own = isJsonObject(labels) ? labels : {};
  const expressions = valueAt(selector, "matchExpressions");
  return (
    Object.entries(at(selector, "matchLabels")).every(([key, value]) => own[key] === value) &&
    (!Array.isArray(expressions) || expressions.every((expression) => expressionHolds(expression, own)))
  );
}

function expressionHolds(expression: unknown, labels: JsonObject): boolean {
  const key = textAt(expression, "key");
  const values = valueAt(expression, "values");
  const listed = Array.isArray(values) && values.includes(labels[key]);
  switch (textAt(expression, "operator")) {
    case "In":
      return listed;
    case "NotIn":
      return !listed;
    case "Exists":
      return Object.hasOwn(labels, key);
    default:
      return !Object.hasOwn(labels, key);
  }
}

/** Fields that are for life. */
function unchanged(object: KubeObject, old: KubeObject | undefined, paths: readonly (readonly string[])[]): Cause[] {
  if (old === undefined) return [];
  return paths
    .filter((path) => !equalJson(valueAt(object, ...path) ?? null, valueAt(old, ...path) ?? null))
    .map((path) => invalidValue(path.join("."), valueAt(object, ...path), IMMUTABLE));
}

export const podTemplateStrategy: Strategy = {
  generation: true,
  prepare: (template) => defaultPodSpec(templateSpec(template)),
};

export const replicationControllerStrategy: Strategy = {
  generation: true,
  prepare: (controller) => {
    const spec = child(controller, "spec");
    byDefault(spec, "replicas", 1);
    defaultPodSpec(templateSpec(spec));
    byDefault(controller, "status", { replicas: 0 });
  },
  validate: (controller) =>
    validatePodSpec(at(controller, "spec", "template", "spec"), "spec.template.spec", ["Always"]),
};
