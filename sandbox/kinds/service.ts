import { isJsonObject, type JsonObject, type KubeObject } from "../../src/objects/index.ts";
import { at, child, listAt, numberAt, textAt } from "../object.ts";
import type { Strategy, WriteContext } from "../registry/resource-type.ts";
import type { Cause } from "../status.ts";
import { invalidValue, notSupported, required } from "./causes.ts";
import { duplicates } from "./metadata.ts";
import { byDefault } from "./pod-template.ts";

/** Addresses are given out from here; nothing listens on them. */
const ADDRESS_PREFIX = "10.96";
const FIRST_NODE_PORT = 30_000;
const NODE_PORTS = 2_768;
const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

export const serviceStrategy: Strategy = {
  nameRule: "label-1035",
  prepare: defaultService,
  allocate: allocateService,
  validate: validateService,
  selectable: {
    "spec.clusterIP": (service) => textAt(service, "spec", "clusterIP"),
    "spec.type": (service) => textAt(service, "spec", "type"),
  },
};

function defaultService(service: KubeObject): void {
  const spec = child(service, "spec");
  byDefault(spec, "type", "ClusterIP");
  byDefault(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] === "ClientIP") {
    byDefault(child(child(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10_800);
  }
  if (spec["type"] !== "ExternalName") byDefault(spec, "internalTrafficPolicy", "Cluster");
  if (isExternal(spec)) byDefault(spec, "externalTrafficPolicy", "Cluster");
  if (spec["type"] === "LoadBalancer") byDefault(spec, "allocateLoadBalancerNodePorts", true);
  for (const port of listAt(spec, "ports")) {
    if (!isJsonObject(port)) continue;
    byDefault(port, "protocol", "TCP");
    if (port["targetPort"] === undefined || port["targetPort"] === 0 || port["targetPort"] === "") {
      port["targetPort"] = port["port"];
    }
  }
  byDefault(service, "status", { loadBalancer: {} });
}

const isExternal = (spec: JsonObject) => spec["type"] === "NodePort" || spec["type"] === "LoadBalancer";

function allocateService(service: KubeObject, context: WriteContext): void {
  const spec = child(service, "spec");
  if (spec["type"] === "ExternalName") return;
  const before = textAt(context.old, "spec", "clusterIP");
  if (textAt(spec, "clusterIP") === "") spec["clusterIP"] = before === "" ? freeAddress(context) : before;
  const address = spec["clusterIP"];
  byDefault(spec, "clusterIPs", [address]);
  if (address === "None" && Object.keys(at(spec, "selector")).length === 0) {
    byDefault(spec, "ipFamilies", ["IPv4", "IPv6"]);
    byDefault(spec, "ipFamilyPolicy", "RequireDualStack");
  }
  byDefault(spec, "ipFamilies", ["IPv4"]);
  byDefault(spec, "ipFamilyPolicy", "SingleStack");
  if (!isExternal(spec)) return;
  for (const [index, port] of listAt(spec, "ports").entries()) {
    if (!isJsonObject(port) || port["nodePort"] !== undefined) continue;
    port["nodePort"] = numberAt(listAt(context.old, "spec", "ports")[index], "nodePort") ?? freePort(context);
  }
}

function freeAddress({ taken }: WriteContext): string {
  for (let number = 1; number < 65_000; number += 1) {
    const address = `${ADDRESS_PREFIX}.${number >> 8}.${number & 255}`;
    if (!taken("", "services", (other) => textAt(other, "spec", "clusterIP") === address)) return address;
  }
  return "None";
}

function freePort({ taken }: WriteContext): number {
  for (let port = FIRST_NODE_PORT; port < FIRST_NODE_PORT + NODE_PORTS; port += 1) {
    const uses = (other: KubeObject) =>
      listAt(other, "spec", "ports").some((entry) => numberAt(entry, "nodePort") === port);
    if (!taken("", "services", uses)) return port;
  }
  return FIRST_NODE_PORT;
}

function validateService(service: KubeObject, { old }: WriteContext): Cause[] {
  const causes: Cause[] = [];
  const type = textAt(service, "spec", "type");
  const ports = listAt(service, "spec", "ports");
  if (!TYPES.includes(type)) causes.push(notSupported("spec.type", type, TYPES));
  if (ports.length === 0 && type !== "ExternalName" && textAt(service, "spec", "clusterIP") !== "None") {
    causes.push(required("spec.ports"));
  }
  if (type === "ExternalName" && textAt(service, "spec", "externalName") === "")
    causes.push(required("spec.externalName"));
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    const number = numberAt(port, "port") ?? 0;
    if (ports.length > 1 && textAt(port, "name") === "") causes.push(required(`${field}.name`));
    if (number < 1 || number > 65_535) {
      causes.push(invalidValue(`${field}.port`, number, "must be between 1 and 65535, inclusive"));
    }
    const protocol = textAt(port, "protocol");
    if (!["TCP", "UDP", "SCTP"].includes(protocol)) {
      causes.push(notSupported(`${field}.protocol`, protocol, ["SCTP", "TCP", "UDP"]));
    }
  }
  if (ports.length > 1)
    causes.push(
      ...duplicates(
        ports.map((port) => textAt(port, "name")),
        (index) => `spec.ports[${index}].name`,
      ),
    );
  const before = textAt(old, "spec", "clusterIP");
  const now = textAt(service, "spec", "clusterIP");
  if (before !== "" && now !== before && type !== "ExternalName") {
    causes.push(invalidValue("spec.clusterIPs[0]", [now], "may not change once set"));
  }
  return causes;
}
