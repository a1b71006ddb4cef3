import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { at, child, listAt, textAt } from "../object.ts";
import type { Strategy } from "../registry/resource-type.ts";
import { required } from "./causes.ts";
import { byDefault } from "./pod-template.ts";

/** Kinds whose only peculiarities are a few defaults. */

export const leaseStrategy: Strategy = { createOnUpdate: true };

export const endpointsStrategy: Strategy = {
  warning: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  createOnUpdate: true,
  prepare: (endpoints) => {
    for (const subset of listAt(endpoints, "subsets")) {
      for (const port of listAt(subset, "ports")) if (isJsonObject(port)) byDefault(port, "protocol", "TCP");
    }
  },
};

export const ingressStrategy: Strategy = {
  generation: true,
  prepare: (ingress) => byDefault(ingress, "status", { loadBalancer: {} }),
  validate: (ingress) =>
    listAt(ingress, "spec", "rules").length === 0 && Object.keys(at(ingress, "spec", "defaultBackend")).length === 0
      ? [
          {
            reason: "FieldValueInvalid",
            message: "Invalid value: null: either `defaultBackend` or `rules` must be specified",
            field: "spec",
          },
        ]
      : [],
};

export const networkPolicyStrategy: Strategy = {
  generation: true,
  prepare: (policy) => {
    const spec = child(policy, "spec");
    const egress = spec["egress"] === undefined ? [] : ["Egress"];
    byDefault(spec, "policyTypes", ["Ingress", ...egress]);
    for (const rule of [...listAt(spec, "ingress"), ...listAt(spec, "egress")]) {
      for (const port of listAt(rule, "ports")) if (isJsonObject(port)) byDefault(port, "protocol", "TCP");
    }
  },
};

export const disruptionBudgetStrategy: Strategy = {
  generation: true,
  prepare: (budget) =>
    byDefault(budget, "status", { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
};

export const autoscalerStrategy: Strategy = {
  prepare: (scaler) => {
    const spec = child(scaler, "spec");
    byDefault(spec, "minReplicas", 1);
    const target = { type: "Utilization", averageUtilization: 80 };
    byDefault(spec, "metrics", [{ type: "Resource", resource: { name: "cpu", target } }]);
    if (isJsonObject(spec["behavior"])) defaultBehavior(spec["behavior"]);
    byDefault(scaler, "status", { desiredReplicas: 0, currentMetrics: null });
  },
};

function defaultBehavior(behavior: JsonObject): void {
  const percent = { type: "Percent", value: 100, periodSeconds: 15 };
  const down = child(behavior, "scaleDown");
  byDefault(down, "selectPolicy", "Max");
  byDefault(down, "policies", [percent]);
  const up = child(behavior, "scaleUp");
  byDefault(up, "stabilizationWindowSeconds", 0);
  byDefault(up, "selectPolicy", "Max");
  byDefault(up, "policies", [{ type: "Pods", value: 4, periodSeconds: 15 }, percent]);
}

export const endpointSliceStrategy: Strategy = {
  generation: true,
  prepare: (slice) => {
    for (const port of listAt(slice, "ports")) {
      if (!isJsonObject(port)) continue;
      byDefault(port, "name", "");
      byDefault(port, "protocol", "TCP");
    }
    for (const endpoint of listAt(slice, "endpoints"))
      if (isJsonObject(endpoint)) byDefault(endpoint, "conditions", {});
  },
};

export const claimStrategy: Strategy = {
  prepare: (claim) => {
    byDefault(child(claim, "spec"), "volumeMode", "Filesystem");
    byDefault(claim, "status", { phase: "Pending" });
  },
  validate: (claim) => {
    const causes =
      listAt(claim, "spec", "accessModes").length === 0
        ? [required("spec.accessModes", "at least 1 access mode is required")]
        : [];
    const storage = at(claim, "spec", "resources", "requests")["storage"];
    return storage === undefined ? [...causes, required("spec.resources[storage]")] : causes;
  },
};

export const volumeStrategy: Strategy = {
  prepare: (volume) => {
    const spec = child(volume, "spec");
    byDefault(spec, "persistentVolumeReclaimPolicy", "Retain");
    byDefault(spec, "volumeMode", "Filesystem");
    byDefault(volume, "status", { phase: "Pending" });
  },
};

export const storageClassStrategy: Strategy = {
  prepare: (found) => {
    byDefault(found, "reclaimPolicy", "Delete");
    byDefault(found, "volumeBindingMode", "Immediate");
  },
  validate: (found) => (textAt(found, "provisioner") === "" ? [required("provisioner")] : []),
};

export const priorityClassStrategy: Strategy = {
  generation: true,
  prepare: (found) => byDefault(found, "preemptionPolicy", "PreemptLowerPriority"),
};

export const limitRangeStrategy: Strategy = {
  prepare: (range) => {
    for (const limit of listAt(range, "spec", "limits")) {
      if (isJsonObject(limit) && isJsonObject(limit["default"]))
        byDefault(limit, "defaultRequest", { ...limit["default"] });
    }
  },
};

export const quotaStrategy: Strategy = { prepare: (quota) => byDefault(quota, "status", {}) };

export const validatingWebhookStrategy: Strategy = { generation: true, prepare: (found) => defaultWebhooks(found, {}) };

export const mutatingWebhookStrategy: Strategy = {
  generation: true,
  prepare: (found) => defaultWebhooks(found, { reinvocationPolicy: "Never" }),
};

function defaultWebhooks(configuration: JsonObject, more: JsonObject): void {
  const defaults = { failurePolicy: "Fail", matchPolicy: "Equivalent", timeoutSeconds: 10, ...more };
  for (const webhook of listAt(configuration, "webhooks")) {
    if (!isJsonObject(webhook)) continue;
    for (const [name, value] of Object.entries(defaults)) byDefault(webhook, name, value);
    byDefault(webhook, "namespaceSelector", {});
    byDefault(webhook, "objectSelector", {});
    const service = at(webhook, "clientConfig", "service");
    if (Object.keys(service).length > 0) byDefault(service, "port", 443);
    for (const rule of listAt(webhook, "rules")) if (isJsonObject(rule)) byDefault(rule, "scope", "*");
  }
}

export const csiDriverStrategy: Strategy = {
  prepare: (driver) => {
    const spec = child(driver, "spec");
    for (const name of ["attachRequired", "podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"]) {
      byDefault(spec, name, name === "attachRequired");
    }
    byDefault(spec, "volumeLifecycleModes", ["Persistent"]);
    byDefault(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
  },
};

/** Only the generation is counted. */
export const countedStrategy: Strategy = { generation: true };
