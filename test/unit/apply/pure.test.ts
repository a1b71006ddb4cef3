import { describe, expect, test } from "vitest";
import { desiredObject } from "../../../src/apply/desired.ts";
import { hasDrifted } from "../../../src/apply/drift.ts";
import { type Health, hasControl, healthOf, isOwnedBy } from "../../../src/apply/index.ts";
import { takeoverPatch } from "../../../src/apply/managers.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { inParallel } from "../../../src/parallel.ts";

const NOW = Date.parse("2026-01-01T00:01:00Z");
const condition = (type: string, status = "True", more: object = {}) => ({ type, status, ...more });
const withStatus = (
  apiVersion: string,
  kind: string,
  status: object | undefined,
  { spec, metadata }: { spec?: object; metadata?: object } = {},
): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "x", namespace: "n", generation: 2, ...metadata },
  ...(spec === undefined ? {} : { spec }),
  ...(status === undefined ? {} : { status }),
});
const rolledOut = {
  observedGeneration: 2,
  replicas: 2,
  updatedReplicas: 2,
  availableReplicas: 2,
  readyReplicas: 2,
  conditions: [condition("Available"), condition("Progressing", "True", { reason: "NewReplicaSetAvailable" })],
};
const deployment = (status: object, spec: object = {}) =>
  withStatus(
    "apps/v1",
    "Deployment",
    { ...rolledOut, ...status },
    { spec: { replicas: 2, progressDeadlineSeconds: 600, ...spec } },
  );
const settled = {
  observedGeneration: 2,
  replicas: 2,
  readyReplicas: 2,
  currentReplicas: 2,
  updatedReplicas: 2,
  currentRevision: "a",
  updateRevision: "a",
};
const statefulSet = (status: object, spec: object = {}) =>
  withStatus("apps/v1", "StatefulSet", { ...settled, ...status }, { spec: { replicas: 2, ...spec } });
const daemon = {
  observedGeneration: 2,
  desiredNumberScheduled: 1,
  currentNumberScheduled: 1,
  updatedNumberScheduled: 1,
  numberAvailable: 1,
  numberReady: 1,
};
const daemonSet = (status: object) => withStatus("apps/v1", "DaemonSet", { ...daemon, ...status });
const replicas = {
  observedGeneration: 2,
  replicas: 1,
  fullyLabeledReplicas: 1,
  availableReplicas: 1,
  readyReplicas: 1,
};
const replicaSet = (status: object) => withStatus("apps/v1", "ReplicaSet", { ...replicas, ...status });
const pod = (status: object) => withStatus("v1", "Pod", status);
const custom = (status?: object, metadata?: object) =>
  withStatus("x.io/v1", "Foo", status, metadata === undefined ? {} : { metadata });
const definition = (...conditions: object[]) =>
  withStatus("apiextensions.k8s.io/v1", "CustomResourceDefinition", { conditions });
const unschedulable = (lastTransitionTime: string) =>
  pod({
    phase: "Pending",
    conditions: [condition("PodScheduled", "False", { reason: "Unschedulable", lastTransitionTime })],
  });

describe("healthOf()", () => {
  test.each<[string, KubeObject, Health]>([
    ["being deleted", custom({}, { deletionTimestamp: "2026-01-01T00:00:00Z" }), "Terminating"],
    ["being deleted wins", custom({ conditions: [condition("Stalled")] }, { deletionTimestamp: "x" }), "Terminating"],
    ["an old generation", custom({ observedGeneration: 1, conditions: [condition("Ready")] }), "InProgress"],
    ["reconciling", custom({ conditions: [condition("Reconciling"), condition("Ready")] }), "InProgress"],
    ["stalled", custom({ conditions: [condition("Stalled")] }), "Failed"],
    ["no status", custom(), "Current"],
    ["no Ready condition", custom({ conditions: [condition("Other", "False")] }), "Current"],
    ["ready", custom({ conditions: [condition("Ready")] }), "Current"],
    ["not ready is not failed", custom({ conditions: [condition("Ready", "False")] }), "InProgress"],
    ["ready unknown", custom({ conditions: [condition("Ready", "Unknown")] }), "InProgress"],
    ["a Deployment rolled out", deployment({}), "Current"],
    [
      "a Deployment out of time",
      deployment({ conditions: [condition("Progressing", "False", { reason: "ProgressDeadlineExceeded" })] }),
      "Failed",
    ],
    ["a Deployment with too few", deployment({ replicas: 1 }), "InProgress"],
    ["a Deployment with too many", deployment({ replicas: 3 }), "InProgress"],
    ["a Deployment with old ones", deployment({ updatedReplicas: 1 }), "InProgress"],
    ["a Deployment with unavailable ones", deployment({ availableReplicas: 1 }), "InProgress"],
    ["a Deployment with unready ones", deployment({ readyReplicas: 1 }), "InProgress"],
    [
      "a Deployment still progressing",
      deployment({
        conditions: [condition("Available"), condition("Progressing", "True", { reason: "ReplicaSetUpdated" })],
      }),
      "InProgress",
    ],
    [
      "a Deployment without a deadline",
      deployment({ conditions: [condition("Available")] }, { progressDeadlineSeconds: 2147483647 }),
      "Current",
    ],
    [
      "a Deployment not available",
      deployment({ conditions: [condition("Progressing", "True", { reason: "NewReplicaSetAvailable" })] }),
      "InProgress",
    ],
    ["a Deployment without status", withStatus("apps/v1", "Deployment", undefined, { spec: {} }), "InProgress"],
    [
      "a Deployment of nothing",
      deployment({ replicas: 0, updatedReplicas: 0, availableReplicas: 0, readyReplicas: 0 }, { replicas: 0 }),
      "Current",
    ],
    ["a StatefulSet", statefulSet({}), "Current"],
    ["a StatefulSet OnDelete", statefulSet({ replicas: 0 }, { updateStrategy: { type: "OnDelete" } }), "Current"],
    ["a StatefulSet with unready ones", statefulSet({ readyReplicas: 1 }), "InProgress"],
    ["a StatefulSet with too many", statefulSet({ replicas: 3 }), "InProgress"],
    ["a StatefulSet between revisions", statefulSet({ updateRevision: "b" }), "InProgress"],
    [
      "a StatefulSet partitioned",
      statefulSet({ updatedReplicas: 1, updateRevision: "b" }, { updateStrategy: { rollingUpdate: { partition: 1 } } }),
      "Current",
    ],
    [
      "a StatefulSet partitioned, not yet",
      statefulSet({ updatedReplicas: 0 }, { updateStrategy: { rollingUpdate: { partition: 1 } } }),
      "InProgress",
    ],
    ["a DaemonSet", daemonSet({}), "Current"],
    ["a DaemonSet not observed", daemonSet({ observedGeneration: undefined }), "InProgress"],
    ["a DaemonSet without a wish", daemonSet({ desiredNumberScheduled: undefined }), "InProgress"],
    ["a DaemonSet with unready ones", daemonSet({ numberReady: 0 }), "InProgress"],
    ["a ReplicaSet", replicaSet({}), "Current"],
    ["a ReplicaSet that fails", replicaSet({ conditions: [condition("ReplicaFailure")] }), "InProgress"],
    ["a ReplicaSet unlabelled", replicaSet({ fullyLabeledReplicas: 0 }), "InProgress"],
    ["a Pod done", pod({ phase: "Succeeded" }), "Current"],
    ["a Pod failed counts as done", pod({ phase: "Failed" }), "Current"],
    ["a Pod ready", pod({ phase: "Running", conditions: [condition("Ready")] }), "Current"],
    ["a Pod not ready", pod({ phase: "Running" }), "InProgress"],
    [
      "a Pod crashing",
      pod({ phase: "Running", containerStatuses: [{ state: { waiting: { reason: "CrashLoopBackOff" } } }] }),
      "Failed",
    ],
    ["a Pod pending", pod({ phase: "Pending" }), "InProgress"],
    ["a Pod unschedulable for long", unschedulable("2026-01-01T00:00:00Z"), "Failed"],
    ["a Pod unschedulable just now", unschedulable("2026-01-01T00:00:50Z"), "InProgress"],
    ["a Pod without a phase", pod({}), "InProgress"],
    ["a claim bound", withStatus("v1", "PersistentVolumeClaim", { phase: "Bound" }), "Current"],
    ["a claim pending", withStatus("v1", "PersistentVolumeClaim", { phase: "Pending" }), "InProgress"],
    ["a Service", withStatus("v1", "Service", undefined, { spec: { type: "ClusterIP" } }), "Current"],
    [
      "a load balancer without an address of the cluster",
      withStatus("v1", "Service", {}, { spec: { type: "LoadBalancer" } }),
      "InProgress",
    ],
    [
      "a load balancer needs no outer address",
      withStatus("v1", "Service", {}, { spec: { type: "LoadBalancer", clusterIP: "10.0.0.1" } }),
      "Current",
    ],
    ["a Job just begun", withStatus("batch/v1", "Job", { startTime: "x", active: 1 }), "InProgress"],
    ["a Job complete", withStatus("batch/v1", "Job", { conditions: [condition("Complete")] }), "Current"],
    ["a Job failed", withStatus("batch/v1", "Job", { conditions: [condition("Failed")] }), "Failed"],
    ["a CRD established", definition(condition("NamesAccepted"), condition("Established")), "Current"],
    ["a CRD with a taken name", definition(condition("NamesAccepted", "False")), "Failed"],
    ["a CRD installing", definition(condition("Established", "False", { reason: "Installing" })), "InProgress"],
    ["a CRD that cannot", definition(condition("Established", "False", { reason: "Other" })), "Failed"],
    ["a CRD just made", definition(), "InProgress"],
    ["a Secret", withStatus("v1", "Secret", undefined), "Current"],
    [
      "a budget",
      withStatus("policy/v1", "PodDisruptionBudget", { conditions: [condition("Ready", "False")] }),
      "Current",
    ],
    ["status of a wrong type", custom("broken" as unknown as object), "Current"],
  ])("%s: %#", (_name, object, want) => {
    expect(healthOf(object, NOW)).toBe(want);
  });
});

describe("controls", () => {
  const labelled = (labels: Record<string, string>, annotations: Record<string, string> = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x", labels, annotations },
  });

  test("by label or annotation, in any case, on any of the objects", () => {
    expect(hasControl("reconcile", "disabled", labelled({ "kustomize.toolkit.fluxcd.io/reconcile": "Disabled" }))).toBe(
      true,
    );
    expect(hasControl("ssa", "Ignore", undefined, labelled({}, { "kustomize.toolkit.fluxcd.io/ssa": "ignore" }))).toBe(
      true,
    );
    expect(hasControl("prune", "disabled", labelled({ "kustomize.toolkit.fluxcd.io/prune": "enabled" }))).toBe(false);
  });

  test("owned only with both labels", () => {
    const owner = { name: "a", namespace: "b" };
    const labels = { "kustomize.toolkit.fluxcd.io/name": "a", "kustomize.toolkit.fluxcd.io/namespace": "b" };
    expect(isOwnedBy(labelled(labels), owner)).toBe(true);
    expect(isOwnedBy(labelled({ ...labels, "kustomize.toolkit.fluxcd.io/namespace": "c" }), owner)).toBe(false);
    expect(isOwnedBy(labelled({}), owner)).toBe(false);
  });
});

describe("desiredObject()", () => {
  const owner = { name: "a", namespace: "b" };

  test("drops what the server keeps, adds labels, folds stringData", () => {
    const secret: KubeObject = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "s",
        uid: "u",
        resourceVersion: "1",
        creationTimestamp: null,
        managedFields: [],
        labels: { x: "y" },
      },
      data: { a: "QQ==", b: "Qg==" },
      stringData: { b: "ü" },
      status: {},
    };
    expect(desiredObject(secret, owner)).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "s",
        labels: { x: "y", "kustomize.toolkit.fluxcd.io/name": "a", "kustomize.toolkit.fluxcd.io/namespace": "b" },
      },
      data: { a: "QQ==", b: "w7w=" },
    });
  });

  test.each([{ data: { pin: 4711 } }, { stringData: { pin: 4711 } }, { stringData: { pin: { hunter2: 1 } } }])(
    "a value that is no text is refused by key: %j",
    (fields) => {
      const secret: KubeObject = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, ...fields };
      expect(() => desiredObject(secret, owner)).toThrow(
        expect.objectContaining({ code: "APPLY_BAD_SECRET", message: expect.not.stringMatching(/4711|hunter2/) }),
      );
    },
  );
});

describe("hasDrifted()", () => {
  const base: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x", labels: { a: "b" } },
    data: { a: "1", b: "2" },
  };
  test.each<[string, KubeObject, boolean]>([
    ["nothing", { ...base, data: { b: "2", a: "1" } }, false],
    ["status", { ...base, status: { x: 1 } }, false],
    ["other metadata", { ...base, metadata: { ...base.metadata, resourceVersion: "9", annotations: {} } }, false],
    ["a value", { ...base, data: { a: "1", b: "3" } }, true],
    ["a field more", { ...base, data: { a: "1", b: "2", c: "3" } }, true],
    ["a field less", { ...base, data: { a: "1" } }, true],
    ["a label", { ...base, metadata: { name: "x", labels: { a: "c" } } }, true],
    ["an annotation", { ...base, metadata: { ...base.metadata, annotations: { a: "b" } } }, true],
    ["a type", { ...base, immutable: true }, true],
  ])("%s: %#", (_name, applied, want) => {
    expect(hasDrifted(base, applied)).toBe(want);
  });
});

describe("takeoverPatch()", () => {
  const entry = (manager: string, operation: string, fieldsV1: object, more: object = {}) => ({
    manager,
    operation,
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1,
    ...more,
  });
  const live = (managedFields: object[], annotations: Record<string, string> = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x", managedFields, annotations },
  });
  const options = { manager: "kustomize-controller" };

  test("nothing to take", () => {
    expect(
      takeoverPatch(
        live([
          entry("kustomize-controller", "Apply", {}),
          entry("hpa", "Update", {}),
          entry("kubectl", "Update", {}, { subresource: "status" }),
          entry("flux-client-side-apply", "Apply", {}),
        ]),
        options,
      ),
    ).toBeUndefined();
  });

  test("fields of kubectl, of the time before and of our own updates become ours", () => {
    const hpa = entry("hpa", "Update", { "f:spec": { "f:replicas": {} } });
    const patch = takeoverPatch(
      live(
        [
          entry("kubectl-client-side-apply", "Update", { "f:data": { "f:a": {} } }),
          entry("before-first-apply", "Apply", { "f:data": { "f:b": {} } }),
          hpa,
          entry("kustomize-controller", "Apply", { "f:data": { "f:c": {} } }),
          entry("kustomize-controller", "Update", { "f:data": { "f:d": {} } }),
        ],
        { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
      ),
      options,
    );
    expect(patch).toEqual([
      { op: "remove", path: "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration" },
      {
        op: "replace",
        path: "/metadata/managedFields",
        value: [
          hpa,
          entry("kustomize-controller", "Apply", { "f:data": { "f:a": {}, "f:b": {}, "f:c": {}, "f:d": {} } }),
        ],
      },
    ]);
  });

  test("further managers by name", () => {
    expect(takeoverPatch(live([entry("helm", "Update", {})]), { ...options, overrides: ["helm"] })).toHaveLength(1);
  });
});

describe("inParallel()", () => {
  test("never more than the limit, and nothing new after a failure", async () => {
    let running = 0;
    let most = 0;
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      if (item === 3) throw new Error("three");
    };
    await expect(inParallel([1, 2, 3, 4, 5, 6, 7, 8, 9], 2, work)).rejects.toThrow("three");
    expect([most, running, begun.length < 9]).toEqual([2, 0, true]);
    await inParallel([], 2, work);
  });
});
