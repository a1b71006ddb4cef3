import { isJsonObject, type KubeObject } from "../../src/objects/index.ts";
import { countOf, lastSeen } from "../kinds/event.ts";
import { at, listAt, numberAt, textAt, valueAt } from "../object.ts";
import { since } from "./age.ts";
import type { Cell } from "./cell.ts";

type CellOf = (object: KubeObject, now: number) => Cell;

/** Cells of a built-in resource by column name; what is missing is name, age or empty. */
export function builtinCells(group: string, plural: string): Readonly<Record<string, CellOf>> {
  return CELLS[`${group}/${plural}`] ?? {};
}

const NONE = "<none>";
const none = (text: string) => (text === "" ? NONE : text);
const count = (object: KubeObject, ...path: string[]) => numberAt(object, ...path) ?? 0;
const keys = (object: KubeObject, field: string) => Object.keys(at(object, field)).length;

const podSpec = (object: KubeObject) => at(object, "spec", "template", "spec");
const containers = (object: KubeObject) =>
  listAt(podSpec(object), "containers")
    .map((container) => textAt(container, "name"))
    .join(",");
const images = (object: KubeObject) =>
  listAt(podSpec(object), "containers")
    .map((container) => textAt(container, "image"))
    .join(",");

function selectorText(selector: unknown): string {
  if (!isJsonObject(selector)) return NONE;
  const labels = isJsonObject(selector["matchLabels"]) ? selector["matchLabels"] : {};
  const simple = Object.entries(labels)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${String(value)}`);
  const expressions = listAt(selector, "matchExpressions").map((expression) => {
    const key = textAt(expression, "key");
    const values = listAt(expression, "values").join(",");
    switch (textAt(expression, "operator")) {
      case "In":
        return `${key} in (${values})`;
      case "NotIn":
        return `${key} notin (${values})`;
      case "Exists":
        return key;
      default:
        return `!${key}`;
    }
  });
  return none([...simple, ...expressions].join(","));
}

const workload: Readonly<Record<string, CellOf>> = {
  Containers: containers,
  Images: images,
  Selector: (object) => selectorText(valueAt(object, "spec", "selector")),
};

function accessModes(object: KubeObject): string {
  const short: Record<string, string> = {
    ReadWriteOnce: "RWO",
    ReadOnlyMany: "ROX",
    ReadWriteMany: "RWX",
    ReadWriteOncePod: "RWOP",
  };
  return listAt(object, "spec", "accessModes")
    .map((mode) => short[String(mode)] ?? String(mode))
    .join(",");
}

function servicePorts(object: KubeObject): string {
  const ports = listAt(object, "spec", "ports").map((port) => {
    const node = numberAt(port, "nodePort");
    const own = String(numberAt(port, "port") ?? 0);
    return `${node === undefined ? own : `${own}:${node}`}/${textAt(port, "protocol")}`;
  });
  return none(ports.join(","));
}

function externalIp(object: KubeObject): string {
  const given = listAt(object, "spec", "externalIPs").map(String);
  if (textAt(object, "spec", "type") === "ExternalName") return textAt(object, "spec", "externalName");
  if (textAt(object, "spec", "type") !== "LoadBalancer") return none(given.join(","));
  const ingress = listAt(object, "status", "loadBalancer", "ingress").map(
    (entry) => textAt(entry, "ip") || textAt(entry, "hostname"),
  );
  const all = [...ingress, ...given].join(",");
  return all === "" ? "<pending>" : all;
}

function endpointAddresses(object: KubeObject): string {
  const all = listAt(object, "subsets").flatMap((subset) =>
    listAt(subset, "addresses").flatMap((address) => {
      const ip = textAt(address, "ip");
      const ports = listAt(subset, "ports");
      return ports.length === 0 ? [ip] : ports.map((port) => `${ip}:${numberAt(port, "port") ?? 0}`);
    }),
  );
  const more = all.length > 3 ? ` + ${all.length - 3} more...` : "";
  return none(all.slice(0, 3).join(",") + more);
}

function readyContainers(pod: KubeObject): string {
  const states = listAt(pod, "status", "containerStatuses");
  const ready = states.filter((state) => isJsonObject(state) && state["ready"] === true).length;
  return `${ready}/${listAt(pod, "spec", "containers").length}`;
}

function jobStatus(job: KubeObject): string {
  const condition = (type: string) =>
    listAt(job, "status", "conditions").some(
      (entry) => textAt(entry, "type") === type && textAt(entry, "status") === "True",
    );
  if (condition("Complete")) return "Complete";
  if (condition("Failed")) return "Failed";
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  return condition("Suspended") ? "Suspended" : "Running";
}

function jobDuration(job: KubeObject, now: number): string {
  const start = textAt(job, "status", "startTime");
  if (start === "") return "";
  const end = textAt(job, "status", "completionTime");
  return since(start, end === "" ? now : Date.parse(end));
}

function subjects(kind: string): CellOf {
  return (binding) =>
    listAt(binding, "subjects")
      .filter((subject) => textAt(subject, "kind") === kind)
      .map((subject) => {
        const namespace = textAt(subject, "namespace");
        return namespace === "" ? textAt(subject, "name") : `${namespace}/${textAt(subject, "name")}`;
      })
      .join(", ");
}

const binding: Readonly<Record<string, CellOf>> = {
  Role: (object) => `${textAt(object, "roleRef", "kind")}/${textAt(object, "roleRef", "name")}`,
  Users: subjects("User"),
  Groups: subjects("Group"),
  ServiceAccounts: subjects("ServiceAccount"),
};

function objectReference(event: KubeObject): string {
  const reference = at(event, event["involvedObject"] === undefined ? "regarding" : "involvedObject");
  return `${textAt(reference, "kind").toLowerCase()}/${textAt(reference, "name")}`;
}

const event: Readonly<Record<string, CellOf>> = {
  "Last Seen": (object, now) => since(lastSeen(object) || object.metadata.creationTimestamp, now),
  Type: (object) => textAt(object, "type"),
  Reason: (object) => textAt(object, "reason"),
  Object: objectReference,
  Subobject: (object) => textAt(object, "involvedObject", "fieldPath"),
  Source: (object) => {
    const source = textAt(object, "source", "component") || textAt(object, "reportingComponent");
    const host = textAt(object, "source", "host");
    return host === "" ? source : `${source}, ${host}`;
  },
  Message: (object) => (textAt(object, "message") || textAt(object, "note")).trim(),
  "First Seen": (object, now) => since(textAt(object, "firstTimestamp") || textAt(object, "eventTime"), now),
  Count: countOf,
};

function ingressHosts(ingress: KubeObject): string {
  const hosts = listAt(ingress, "spec", "rules")
    .map((rule) => textAt(rule, "host"))
    .filter((host) => host !== "");
  const more = hosts.length > 3 ? ` + ${hosts.length - 3} more...` : "";
  return hosts.length === 0 ? "*" : hosts.slice(0, 3).join(",") + more;
}

const CELLS: Readonly<Record<string, Readonly<Record<string, CellOf>>>> = {
  "/configmaps": { Data: (map) => keys(map, "data") + keys(map, "binaryData") },
  "/secrets": { Type: (secret) => textAt(secret, "type"), Data: (secret) => keys(secret, "data") },
  "/namespaces": { Status: (namespace) => textAt(namespace, "status", "phase") },
  "/serviceaccounts": { Secrets: (account) => listAt(account, "secrets").length },
  "/services": {
    Type: (service) => textAt(service, "spec", "type"),
    "Cluster-IP": (service) => none(textAt(service, "spec", "clusterIP")),
    "External-IP": externalIp,
    "Port(s)": servicePorts,
    Selector: (service) => selectorText({ matchLabels: at(service, "spec", "selector") }),
  },
  "/endpoints": { Endpoints: endpointAddresses },
  "/events": event,
  "events.k8s.io/events": event,
  "/pods": {
    Ready: readyContainers,
    Status: (pod) => (pod.metadata.deletionTimestamp === undefined ? textAt(pod, "status", "phase") : "Terminating"),
    Restarts: (pod) =>
      String(
        listAt(pod, "status", "containerStatuses").reduce<number>(
          (sum, state) => sum + (numberAt(state, "restartCount") ?? 0),
          0,
        ),
      ),
    IP: (pod) => none(textAt(pod, "status", "podIP")),
    Node: (pod) => none(textAt(pod, "spec", "nodeName")),
    "Nominated Node": (pod) => none(textAt(pod, "status", "nominatedNodeName")),
    "Readiness Gates": () => NONE,
  },
  "/persistentvolumeclaims": {
    Status: (claim) => textAt(claim, "status", "phase"),
    Volume: (claim) => textAt(claim, "spec", "volumeName"),
    Capacity: (claim) => String(valueAt(claim, "status", "capacity", "storage") ?? ""),
    "Access Modes": accessModes,
    StorageClass: (claim) => textAt(claim, "spec", "storageClassName"),
    VolumeAttributesClass: (claim) => none(textAt(claim, "spec", "volumeAttributesClassName")).replace(NONE, "<unset>"),
    VolumeMode: (claim) => textAt(claim, "spec", "volumeMode"),
  },
  "/persistentvolumes": {
    Capacity: (volume) => textAt(volume, "spec", "capacity", "storage"),
    "Access Modes": accessModes,
    "Reclaim Policy": (volume) => textAt(volume, "spec", "persistentVolumeReclaimPolicy"),
    Status: (volume) => textAt(volume, "status", "phase"),
    Claim: (volume) => {
      const claim = at(volume, "spec", "claimRef");
      return textAt(claim, "name") === "" ? "" : `${textAt(claim, "namespace")}/${textAt(claim, "name")}`;
    },
    StorageClass: (volume) => textAt(volume, "spec", "storageClassName"),
    VolumeAttributesClass: () => "<unset>",
    VolumeMode: (volume) => textAt(volume, "spec", "volumeMode"),
  },
  "apps/deployments": {
    ...workload,
    Ready: (object) => `${count(object, "status", "readyReplicas")}/${count(object, "spec", "replicas")}`,
    "Up-to-date": (object) => count(object, "status", "updatedReplicas"),
    Available: (object) => count(object, "status", "availableReplicas"),
  },
  "apps/replicasets": {
    ...workload,
    Desired: (object) => count(object, "spec", "replicas"),
    Current: (object) => count(object, "status", "replicas"),
    Ready: (object) => count(object, "status", "readyReplicas"),
  },
  "apps/statefulsets": {
    ...workload,
    Ready: (object) => `${count(object, "status", "readyReplicas")}/${count(object, "spec", "replicas")}`,
  },
  "apps/daemonsets": {
    ...workload,
    Desired: (object) => count(object, "status", "desiredNumberScheduled"),
    Current: (object) => count(object, "status", "currentNumberScheduled"),
    Ready: (object) => count(object, "status", "numberReady"),
    "Up-to-date": (object) => count(object, "status", "updatedNumberScheduled"),
    Available: (object) => count(object, "status", "numberAvailable"),
    "Node Selector": (object) => selectorText({ matchLabels: at(podSpec(object), "nodeSelector") }),
  },
  "batch/jobs": {
    ...workload,
    Status: jobStatus,
    Completions: (job) => `${count(job, "status", "succeeded")}/${count(job, "spec", "completions")}`,
    Duration: jobDuration,
  },
  "batch/cronjobs": {
    Schedule: (job) => textAt(job, "spec", "schedule"),
    Timezone: (job) => none(textAt(job, "spec", "timeZone")),
    Suspend: (job) => (valueAt(job, "spec", "suspend") === true ? "True" : "False"),
    Active: (job) => listAt(job, "status", "active").length,
    "Last Schedule": (job, now) => {
      const last = textAt(job, "status", "lastScheduleTime");
      return last === "" ? NONE : since(last, now);
    },
  },
  "networking.k8s.io/ingresses": {
    Class: (ingress) => none(textAt(ingress, "spec", "ingressClassName")),
    Hosts: ingressHosts,
    Address: (ingress) =>
      listAt(ingress, "status", "loadBalancer", "ingress")
        .map((entry) => textAt(entry, "ip") || textAt(entry, "hostname"))
        .join(","),
    Ports: (ingress) => (listAt(ingress, "spec", "tls").length > 0 ? "80, 443" : "80"),
  },
  "networking.k8s.io/ingressclasses": {
    Controller: (found) => textAt(found, "spec", "controller"),
    Parameters: () => NONE,
  },
  "networking.k8s.io/networkpolicies": {
    "Pod-Selector": (policy) => selectorText(valueAt(policy, "spec", "podSelector")),
  },
  "policy/poddisruptionbudgets": {
    "Min Available": (budget) => String(valueAt(budget, "spec", "minAvailable") ?? "N/A"),
    "Max Unavailable": (budget) => String(valueAt(budget, "spec", "maxUnavailable") ?? "N/A"),
    "Allowed Disruptions": (budget) => count(budget, "status", "disruptionsAllowed"),
  },
  "autoscaling/horizontalpodautoscalers": {
    Reference: (scaler) =>
      `${textAt(scaler, "spec", "scaleTargetRef", "kind")}/${textAt(scaler, "spec", "scaleTargetRef", "name")}`,
    Targets: () => "<unknown>",
    MinPods: (scaler) => String(valueAt(scaler, "spec", "minReplicas") ?? "<unset>"),
    MaxPods: (scaler) => count(scaler, "spec", "maxReplicas"),
    Replicas: (scaler) => count(scaler, "status", "currentReplicas"),
  },
  "coordination.k8s.io/leases": { Holder: (lease) => textAt(lease, "spec", "holderIdentity") },
  "rbac.authorization.k8s.io/rolebindings": binding,
  "rbac.authorization.k8s.io/clusterrolebindings": binding,
  "storage.k8s.io/storageclasses": {
    Provisioner: (found) => textAt(found, "provisioner"),
    ReclaimPolicy: (found) => textAt(found, "reclaimPolicy"),
    VolumeBindingMode: (found) => textAt(found, "volumeBindingMode"),
    AllowVolumeExpansion: (found) => found["allowVolumeExpansion"] === true,
  },
  "scheduling.k8s.io/priorityclasses": {
    Value: (found) => count(found, "value"),
    "Global-Default": (found) => found["globalDefault"] === true,
    PreemptionPolicy: (found) => textAt(found, "preemptionPolicy"),
  },
  "discovery.k8s.io/endpointslices": {
    AddressType: (slice) => textAt(slice, "addressType"),
    Ports: (slice) =>
      none(
        listAt(slice, "ports")
          .map((port) => String(numberAt(port, "port") ?? ""))
          .join(","),
      ),
    Endpoints: (slice) =>
      none(
        listAt(slice, "endpoints")
          .flatMap((entry) => listAt(entry, "addresses"))
          .join(","),
      ),
  },
  "admissionregistration.k8s.io/validatingwebhookconfigurations": {
    Webhooks: (found) => listAt(found, "webhooks").length,
  },
  "admissionregistration.k8s.io/mutatingwebhookconfigurations": {
    Webhooks: (found) => listAt(found, "webhooks").length,
  },
  "node.k8s.io/runtimeclasses": { Handler: (found) => textAt(found, "handler") },
};
