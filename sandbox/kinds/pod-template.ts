import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { at, child, listAt, textAt } from "../object.ts";
import type { Cause } from "../status.ts";
import { invalidValue, notSupported, required } from "./causes.ts";
import { duplicates } from "./metadata.ts";
import { labelProblem } from "./names.ts";

/** Sets a field that is absent. */
export function byDefault(target: JsonObject, key: string, value: unknown): void {
  target[key] ??= value;
}

/** Defaults of a pod's spec, in place. `policy` is the restart policy. */
export function defaultPodSpec(spec: JsonObject): void {
  byDefault(spec, "restartPolicy", "Always");
  byDefault(spec, "terminationGracePeriodSeconds", 30);
  byDefault(spec, "dnsPolicy", "ClusterFirst");
  byDefault(spec, "securityContext", {});
  byDefault(spec, "schedulerName", "default-scheduler");
  const account = textAt(spec, "serviceAccountName") || textAt(spec, "serviceAccount");
  if (account !== "") {
    spec["serviceAccountName"] = account;
    spec["serviceAccount"] = account;
  }
  for (const list of ["initContainers", "containers"]) {
    for (const container of listAt(spec, list)) if (isJsonObject(container)) defaultContainer(container);
  }
  for (const volume of listAt(spec, "volumes")) if (isJsonObject(volume)) defaultVolume(volume);
}

function defaultContainer(container: JsonObject): void {
  byDefault(container, "resources", {});
  byDefault(container, "terminationMessagePath", "/dev/termination-log");
  byDefault(container, "terminationMessagePolicy", "File");
  byDefault(container, "imagePullPolicy", isLatest(textAt(container, "image")) ? "Always" : "IfNotPresent");
  for (const port of listAt(container, "ports")) if (isJsonObject(port)) byDefault(port, "protocol", "TCP");
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = container[name];
    if (isJsonObject(probe)) defaultProbe(probe);
  }
  for (const moment of ["preStop", "postStart"]) defaultHttp(at(container, "lifecycle", moment)["httpGet"]);
  for (const entry of listAt(container, "env")) {
    const reference = at(entry, "valueFrom", "fieldRef");
    if (Object.keys(reference).length > 0) byDefault(reference, "apiVersion", "v1");
  }
}

/** No tag and no digest means the tag `latest`. */
function isLatest(image: string): boolean {
  if (image.includes("@")) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === "latest";
}

function defaultProbe(probe: JsonObject): void {
  byDefault(probe, "timeoutSeconds", 1);
  byDefault(probe, "periodSeconds", 10);
  byDefault(probe, "successThreshold", 1);
  byDefault(probe, "failureThreshold", 3);
  defaultHttp(probe["httpGet"]);
}

function defaultHttp(http: unknown): void {
  if (!isJsonObject(http)) return;
  byDefault(http, "path", "/");
  byDefault(http, "scheme", "HTTP");
}

function defaultVolume(volume: JsonObject): void {
  for (const source of ["secret", "configMap", "downwardAPI", "projected"]) {
    const content = volume[source];
    if (isJsonObject(content)) byDefault(content, "defaultMode", 420);
  }
  for (const source of listAt(volume, "projected", "sources")) {
    const token = at(source, "serviceAccountToken");
    if (Object.keys(token).length > 0) byDefault(token, "expirationSeconds", 3_600);
  }
  const host = volume["hostPath"];
  if (isJsonObject(host)) byDefault(host, "type", "");
  const known = Object.keys(volume).some((key) => key !== "name");
  if (!known) volume["emptyDir"] = {};
}

/** The most common mistakes in a pod's spec. */
export function validatePodSpec(spec: JsonObject, field: string, restartPolicies: readonly string[]): Cause[] {
  const causes: Cause[] = [];
  const containers = listAt(spec, "containers");
  if (containers.length === 0) causes.push(required(`${field}.containers`));
  for (const list of ["initContainers", "containers"]) {
    const items = listAt(spec, list);
    for (const [index, container] of items.entries()) {
      const place = `${field}.${list}[${index}]`;
      const name = textAt(container, "name");
      if (name === "") causes.push(required(`${place}.name`));
      else {
        const problem = labelProblem(name);
        if (problem !== undefined) causes.push(invalidValue(`${place}.name`, name, problem));
      }
      if (textAt(container, "image") === "") causes.push(required(`${place}.image`));
      causes.push(...validateMounts(container, spec, place));
    }
    causes.push(
      ...duplicates(
        items.map((item) => textAt(item, "name")),
        (index) => `${field}.${list}[${index}].name`,
      ),
    );
  }
  const policy = textAt(spec, "restartPolicy");
  if (policy === "") {
    const valid = restartPolicies.map((name) => JSON.stringify(name)).join(", ");
    causes.push(required(`${field}.restartPolicy`, `valid values: ${valid}`));
  } else if (!restartPolicies.includes(policy))
    causes.push(notSupported(`${field}.restartPolicy`, policy, restartPolicies));
  return causes;
}

function validateMounts(container: unknown, spec: JsonObject, place: string): Cause[] {
  const volumes = new Set(listAt(spec, "volumes").map((volume) => textAt(volume, "name")));
  return listAt(container, "volumeMounts").flatMap((mount, index) => {
    const name = textAt(mount, "name");
    const field = `${place}.volumeMounts[${index}]`;
    const causes: Cause[] = [];
    if (!volumes.has(name)) {
      causes.push({
        reason: "FieldValueNotFound",
        message: `Not found: ${JSON.stringify(name)}`,
        field: `${field}.name`,
      });
    }
    if (textAt(mount, "mountPath") === "") causes.push(required(`${field}.mountPath`));
    return causes;
  });
}

export function templateSpec(owner: JsonObject): JsonObject {
  return child(child(owner, "template"), "spec");
}
