import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMerge,
  isJsonObject,
  type KubeObject,
  PatchError,
} from "../../src/objects/index.ts";
import { trackUpdate } from "../apply/track.ts";
import { checkShape } from "../http/body.ts";
import { cloneObject, storageKey } from "../object.ts";
import { mergeSchema } from "../schema/merge-schema.ts";
import { badRequest, invalid, notFound, StatusError, unsupportedPatchType } from "../status.ts";
import type { ApiRequest, ObjectAnswer, Target, World } from "../world.ts";
import { applyServerSide } from "./apply.ts";
import { decodeObject } from "./decode-body.ts";
import { present } from "./get.ts";
import { fieldManager, isDryRun, nameOf } from "./options.ts";
import { checkName, replaceObject } from "./update.ts";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_PATCH = "application/strategic-merge-patch+json";
const APPLY_PATCH = "application/apply-patch+yaml";

/** PATCH of one object or of one of its subresources, in any of the four formats. */
export function patch(world: World, request: ApiRequest, target: Target): ObjectAnswer {
  const mediaType = request.contentType.split(";")[0]?.trim() ?? "";
  if (mediaType === APPLY_PATCH) return applyServerSide(world, request, target);
  const { type, subresource } = target;
  if (![JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH].includes(mediaType)) throw unsupportedPatchType();
  if (mediaType === STRATEGIC_PATCH && type.custom !== undefined) throw unsupportedPatchType();
  const name = nameOf(target);
  const old = world.store.get(type.table, storageKey(target.namespace ?? "", name));
  if (old === undefined) throw notFound(type, name);
  const patched = patchObject(present(old, type), mediaType, request, target, world);
  checkName(patched, name);
  const manager = fieldManager(request);
  const stored = replaceObject(world, type, patched, old, {
    dryRun: isDryRun(request),
    user: request.user,
    subresource,
    track: (made) => trackUpdate(world, type, made, old, { manager, subresource }),
  });
  return { status: 200, object: stored };
}

function patchObject(
  shown: KubeObject,
  mediaType: string,
  request: ApiRequest,
  target: Target,
  world: World,
): KubeObject {
  const body = parsePatch(request.body.toString("utf8"));
  checkShape(body, world.limits);
  if (mediaType !== JSON_PATCH && !isJsonObject(body)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${Array.isArray(body) ? "array" : typeof body} into Go value of type map[string]interface {}`,
    );
  }
  const base = cloneObject(shown);
  const result = applyBody(base, body, mediaType, target);
  if (!isJsonObject(result)) throw rejected();
  try {
    return decodeObject({ value: result, duplicates: [] }, target.type, request, world);
  } catch (error) {
    const why =
      error instanceof StatusError ? /cannot be handled as a \w+: (json: .*)$/.exec(error.message)?.[1] : undefined;
    if (why === undefined) throw error;
    // The real server repeats the whole object here, Secrets included.
    const cause = { reason: "FieldValueInvalid", message: `Invalid value: "{}": ${why}`, field: "patch" };
    throw invalid({ group: "", kind: "" }, "", [cause]);
  }
}

function applyBody(base: KubeObject, body: unknown, mediaType: string, target: Target): unknown {
  try {
    if (mediaType === JSON_PATCH) return applyJsonPatch(base, body);
    if (mediaType === MERGE_PATCH) return applyMergePatch(base, body);
    return applyStrategicMerge(base, body, mergeSchema(target.type.schema));
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (error.code === "PATCH_LIMIT") throw tooMany(error.message);
    throw mediaType === JSON_PATCH ? rejected() : badRequest(error.message);
  }
}

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("error decoding patch: invalid JSON");
  }
}

function rejected(): StatusError {
  const message = "the server rejected our request due to an error in our request";
  return new StatusError({ code: 422, reason: "Invalid", message, details: {} });
}

function tooMany(message: string): StatusError {
  return new StatusError({ code: 413, reason: "RequestEntityTooLarge", message, details: {} });
}
