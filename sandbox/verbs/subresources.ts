import type { KubeObject } from "../../src/objects/index.ts";
import { applyMergePatch, isJsonObject } from "../../src/objects/index.ts";
import { trackUpdate } from "../apply/track.ts";
import { ISSUER, serviceAccountToken } from "../auth/service-account-token.ts";
import { invalidValue } from "../kinds/causes.ts";
import { at, child, cloneObject, listAt, numberAt, textAt, timestamp } from "../object.ts";
import { badRequest, invalid, StatusError } from "../status.ts";
import type { ApiRequest, ObjectAnswer, Target, World } from "../world.ts";
import { readRawBody } from "./decode-body.ts";
import { deleteObject, readWish } from "./delete.ts";
import { read } from "./get.ts";
import { fieldManager, isDryRun } from "./options.ts";
import { replaceObject } from "./update.ts";

const MIN_TOKEN_S = 600;
const DEFAULT_TOKEN_S = 3_600;
const MAX_TOKEN_S = 2 ** 32;

/** Subresources with a shape of their own; undefined for `status` and for requests without a subresource. */
export function specialSubresource(world: World, request: ApiRequest, target: Target): ObjectAnswer | undefined {
  switch (target.subresource) {
    case "token":
      return createToken(world, request, target);
    case "scale":
      return scale(world, request, target);
    case "finalize":
      return finalize(world, request, target);
    case "eviction":
      return evict(world, request, target);
    case undefined:
    case "status":
      return undefined;
    default:
      throw new StatusError({
        code: 501,
        reason: "NotImplemented",
        message: `the sandbox does not serve ${target.type.plural}/${target.subresource}`,
        details: {},
      });
  }
}

function bodyOf(world: World, request: ApiRequest): Record<string, unknown> {
  const isPatch = request.method === "PATCH";
  const { value } = readRawBody(isPatch ? { ...request, contentType: "application/json" } : request, "object", world);
  if (!isJsonObject(value)) throw badRequest("the body of the request is not an object");
  return value;
}

/** A token for a service account that exists. */
function createToken(world: World, request: ApiRequest, target: Target): ObjectAnswer {
  const account = read(world, target);
  const body = bodyOf(world, request);
  const seconds = numberAt(body, "spec", "expirationSeconds") ?? DEFAULT_TOKEN_S;
  const field = "spec.expirationSeconds";
  const kind = { group: "authentication.k8s.io", kind: "TokenRequest" };
  if (seconds < MIN_TOKEN_S)
    throw invalid(kind, "", [invalidValue(field, seconds, "may not specify a duration less than 10 minutes")]);
  if (seconds > MAX_TOKEN_S)
    throw invalid(kind, "", [invalidValue(field, seconds, "may not specify a duration larger than 2^32 seconds")]);
  const given = listAt(body, "spec", "audiences").map(String);
  const audiences = given.length === 0 ? [ISSUER] : given;
  const expiresAt = world.now() + seconds * 1000;
  const { name = "", namespace = "", uid = "" } = account.metadata;
  const token = serviceAccountToken(world, { name, namespace, uid }, { audiences, expiresAt });
  const object: KubeObject = {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: timestamp(world.now()) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
    status: { token, expirationTimestamp: timestamp(expiresAt) },
  };
  return { status: 201, object };
}

/** The replica count of a workload as an object of its own. */
function scale(world: World, request: ApiRequest, target: Target): ObjectAnswer {
  const workload = read(world, target);
  const shown = scaleOf(workload);
  if (request.method === "GET") return { status: 200, object: shown };
  const body = bodyOf(world, request);
  const wanted = request.method === "PUT" ? body : applyMergePatch(shown, body);
  const replicas = numberAt(wanted, "spec", "replicas") ?? 0;
  if (!Number.isInteger(replicas) || replicas < 0) {
    const cause = invalidValue("spec.replicas", replicas, "must be greater than or equal to 0");
    throw invalid({ group: "autoscaling", kind: "Scale" }, workload.metadata.name ?? "", [cause]);
  }
  const next = cloneObject(workload);
  next.metadata.resourceVersion = textAt(wanted, "metadata", "resourceVersion");
  child(next, "spec")["replicas"] = replicas;
  const manager = fieldManager(request);
  const stored = replaceObject(world, target.type, next, workload, {
    dryRun: isDryRun(request),
    user: request.user,
    subresource: undefined,
    track: (made) => trackUpdate(world, target.type, made, workload, { manager, subresource: "scale" }),
  });
  return { status: 200, object: scaleOf(stored) };
}

function scaleOf(workload: KubeObject): KubeObject {
  const { name = "", namespace = "", uid = "", resourceVersion = "", creationTimestamp = null } = workload.metadata;
  const labels = at(workload, "spec", "selector", "matchLabels");
  const selector = Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(",");
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(workload, "spec", "replicas") ?? 0 },
    status: { replicas: numberAt(workload, "status", "replicas") ?? 0, selector },
  };
}

/** PUT of a namespace's own finalizers. */
function finalize(world: World, request: ApiRequest, target: Target): ObjectAnswer {
  const namespace = read(world, target);
  const body = bodyOf(world, request);
  const next = cloneObject(namespace);
  const finalizers = listAt(body, "spec", "finalizers").map(String);
  next["spec"] = finalizers.length === 0 ? {} : { finalizers };
  const manager = fieldManager(request);
  const stored = replaceObject(world, target.type, next, namespace, {
    dryRun: isDryRun(request),
    user: request.user,
    subresource: "finalize",
    track: (made) => trackUpdate(world, target.type, made, namespace, { manager, subresource: "finalize" }),
  });
  return { status: 200, object: stored };
}

/** An eviction is a deletion: no disruption budget is kept here. */
function evict(world: World, request: ApiRequest, target: Target): ObjectAnswer {
  const pod = read(world, target);
  const body = bodyOf(world, request);
  const options = isJsonObject(body["deleteOptions"]) ? body["deleteOptions"] : {};
  const wish = readWish(world, {
    ...request,
    contentType: "application/json",
    body: Buffer.from(JSON.stringify(options)),
  });
  deleteObject(world, target.type, pod, wish);
  return { status: 201, object: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 } };
}
