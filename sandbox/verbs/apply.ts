import { cloneJson, isJsonObject, type JsonObject, type KubeObject, splitApiVersion } from "../../src/objects/index.ts";
import { compare, emptyObject, fieldsOf } from "../apply/compare.ts";
import { difference, differenceBelow, FieldSet, intersection, union } from "../apply/field-set.ts";
import { pathText } from "../apply/fields-v1.ts";
import { type Owner, readOwners, writeOwners } from "../apply/managed-fields.ts";
import { mergeApplied, removeFields } from "../apply/merge.ts";
import { unowned } from "../apply/track.ts";
import { typedProblems } from "../apply/typed.ts";
import { checkShape } from "../http/body.ts";
import { parseDocument } from "../http/yaml-body.ts";
import { required } from "../kinds/causes.ts";
import { at, child, storageKey, textAt, timestamp } from "../object.ts";
import { apiVersionOf, type ResourceType } from "../registry/resource-type.ts";
import { badRequest, type Cause, conflict, invalid, notFound, StatusError } from "../status.ts";
import type { ApiRequest, ObjectAnswer, Target, World } from "../world.ts";
import { createObject } from "./create.ts";
import { decodeObject } from "./decode-body.ts";
import { present } from "./get.ts";
import { isDryRun, nameOf } from "./options.ts";
import { checkName, replaceObject } from "./update.ts";

/** Server-side apply: the body is the manager's whole opinion about the object. */
export function applyServerSide(world: World, request: ApiRequest, target: Target): ObjectAnswer {
  const { type, subresource } = target;
  const name = nameOf(target);
  const manager = request.query.get("fieldManager") ?? "";
  if (manager === "") {
    const options = { group: "meta.k8s.io", kind: "PatchOptions" };
    throw invalid(options, "", [required("fieldManager", "is required for apply patch")]);
  }
  const old = world.store.get(type.table, storageKey(target.namespace ?? "", name));
  if (old === undefined && subresource !== undefined) throw notFound(type, name);
  const applied = readConfiguration(world, request, target, name);
  const force = request.query.get("force") === "true" || request.query.get("force") === "1";
  const shown = old === undefined ? undefined : present(old, type);
  const result = applyTo(shown, applied, type, { manager, subresource, force, time: timestamp(world.now()) });
  const object = decodeObject({ value: result.object, duplicates: [] }, type, request, world);
  const track = (made: KubeObject) => writeOwners(made, result.owners);
  const dryRun = isDryRun(request);
  const { user } = request;
  if (old === undefined) {
    requireUnknown(type, object, name);
    return {
      status: 201,
      object: createObject(world, type, object, { namespace: target.namespace, dryRun, user, track }),
    };
  }
  checkName(object, name);
  return { status: 200, object: replaceObject(world, type, object, old, { dryRun, user, subresource, track }) };
}

/** An applied uid says that the object should be there already. */
function requireUnknown(type: ResourceType, { metadata }: KubeObject, name: string): void {
  const { uid = "" } = metadata;
  if (uid !== "") {
    throw conflict(
      type,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  }
}

function readConfiguration(world: World, request: ApiRequest, target: Target, name: string): JsonObject {
  const { type } = target;
  const body = parseDocument(request.body.toString("utf8"), type.kind);
  checkShape(body, world.limits);
  if (!isJsonObject(body)) throw badRequest("error decoding YAML: the body is not an object");
  const { group, version } = splitApiVersion(textAt(body, "apiVersion"));
  if (textAt(body, "kind") !== type.kind || group !== type.group || version !== type.version) {
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${textAt(body, "kind")}`);
  }
  const metadata = isJsonObject(body["metadata"]) ? body["metadata"] : {};
  body["metadata"] = metadata;
  if (metadata["managedFields"] !== undefined && metadata["managedFields"] !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
  const given = textAt(metadata, "name");
  if (given !== "" && given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  const namespace = textAt(metadata, "namespace");
  if (namespace !== "" && namespace !== target.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  metadata["name"] = name;
  const problems = typedProblems(body, type.schema);
  if (problems.length > 0) {
    const id = `${target.namespace === undefined ? "" : `${target.namespace}`}/${name}; ${apiVersionOf(type)}, Kind=${type.kind}`;
    const list =
      problems.length === 1 ? ` ${problems[0]}` : ` errors:\n${problems.map((line) => `  ${line}`).join("\n")}`;
    throw new StatusError({ code: 500, reason: "", message: `failed to create typed patch object (${id}):${list}` });
  }
  return body;
}

interface ApplyOptions {
  readonly manager: string;
  readonly subresource: string | undefined;
  readonly force: boolean;
  readonly time: string;
}

/** Owner of everything that was there before the first apply, where nobody was recorded. */
const BEFORE_FIRST = "before-first-apply";

function applyTo(
  live: KubeObject | undefined,
  applied: JsonObject,
  type: ResourceType,
  options: ApplyOptions,
): { object: JsonObject; owners: readonly Owner[] } {
  const ignored = unowned(type, options.subresource);
  const fields = differenceBelow(fieldsOf(applied, type.schema), ignored);
  const owners = live === undefined ? [] : (readOwners(live) ?? []);
  const known = owners.length > 0 || live === undefined ? owners : [beforeFirst(live, type)];
  const isOwn = (owner: Owner) =>
    owner.manager === options.manager &&
    owner.operation === "Apply" &&
    owner.subresource === (options.subresource ?? "");
  const previous = known.filter(isOwn).reduce((sum, owner) => union(sum, owner.fields), new FieldSet());
  const others = known.filter((owner) => !isOwn(owner));
  const base = live ?? { apiVersion: apiVersionOf(type), kind: type.kind, metadata: {} };
  const merged = mergeApplied(withoutOwners(base), applied, type.schema);
  const kept = others.reduce((sum, owner) => union(sum, owner.fields), fields);
  const object = removeFields(merged, difference(previous, kept), kept, type.schema);
  if (!isJsonObject(object)) throw badRequest("the applied configuration is not an object");
  const { added, modified, removed } = compare(withoutOwners(base), object, type.schema);
  const changed = differenceBelow(union(added, modified), ignored);
  const conflicts = others
    .map((owner) => ({ owner, fields: intersection(owner.fields, changed) }))
    .filter((conflict) => !conflict.fields.isEmpty);
  if (conflicts.length > 0 && !options.force) throw conflictError(conflicts);
  const lost = differenceBelow(removed, ignored);
  const own: Owner = {
    manager: options.manager,
    operation: "Apply",
    apiVersion: apiVersionOf(type),
    subresource: options.subresource ?? "",
    time: options.time,
    fields,
  };
  if (options.manager === "kubectl" && live !== undefined) renewLastApplied(object, live, applied);
  const rest = others.map((owner) => ({
    ...owner,
    fields: difference(difference(owner.fields, conflictOf(conflicts, owner)), lost),
  }));
  return { object, owners: [...rest, own] };
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** kubectl may go back to client-side apply later: its annotation keeps telling what was applied last. */
function renewLastApplied(object: JsonObject, live: KubeObject, applied: JsonObject): void {
  if (live.metadata.annotations?.[LAST_APPLIED] === undefined) return;
  const content = cloneJson(applied);
  if (isJsonObject(content)) delete at(content, "metadata", "annotations")[LAST_APPLIED];
  child(child(object, "metadata"), "annotations")[LAST_APPLIED] = `${JSON.stringify(sorted(content))}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, below]) => [key, sorted(below)]));
}

function beforeFirst(live: KubeObject, type: ResourceType): Owner {
  const before = type.custom === undefined ? emptyObject(type.schema) : {};
  const { added, modified } = compare(before, withoutOwners(live), type.schema);
  const fields = differenceBelow(union(added, modified), unowned(type, undefined));
  const apiVersion = apiVersionOf(type);
  return { manager: BEFORE_FIRST, operation: "Update", apiVersion, subresource: "", time: "", fields };
}

function withoutOwners(object: { metadata: JsonObject; [field: string]: unknown }): JsonObject {
  const { managedFields: _owners, ...metadata } = object.metadata;
  return { ...object, metadata };
}

interface Conflict {
  readonly owner: Owner;
  readonly fields: FieldSet;
}

const conflictOf = (conflicts: readonly Conflict[], owner: Owner) =>
  conflicts.find((conflict) => conflict.owner === owner)?.fields;

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes: Cause[] = [];
  const lines: string[] = [];
  for (const { owner, fields } of [...conflicts].sort((left, right) =>
    ownerText(left.owner) < ownerText(right.owner) ? -1 : 1,
  )) {
    const paths = [...fields.paths()].map(pathText).sort();
    const who = ownerText(owner);
    for (const field of paths) causes.push({ reason: "FieldManagerConflict", message: `conflict with ${who}`, field });
    lines.push(
      paths.length === 1
        ? `conflict with ${who}: ${paths[0] ?? ""}`
        : `conflicts with ${who}:\n${paths.map((path) => `- ${path}`).join("\n")}`,
    );
  }
  const count = `${causes.length} conflict${causes.length === 1 ? "" : "s"}`;
  return new StatusError({
    code: 409,
    reason: "Conflict",
    message: `Apply failed with ${count}: ${lines.join("\n")}`,
    details: { causes },
  });
}

function ownerText({ manager, operation, subresource, apiVersion }: Owner): string {
  const name = JSON.stringify(manager);
  if (operation === "Apply") return name;
  const below = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  return `${name}${below} using ${apiVersion}`;
}
