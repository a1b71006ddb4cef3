import { isJsonObject, type JsonObject, type KubeObject, splitApiVersion } from "../../src/objects/index.ts";
import { checkShape } from "../http/body.ts";
import { duplicateFields } from "../http/duplicate-fields.ts";
import { parseDocument } from "../http/yaml-body.ts";
import { isKubeObject, textAt } from "../object.ts";
import { decodeProtobuf } from "../protobuf/decode.ts";
import { WireError } from "../protobuf/wire.ts";
import { apiVersionOf, type ResourceType } from "../registry/resource-type.ts";
import { DecodeError, decodeBuiltin } from "../schema/decode.ts";
import { defaultCustom } from "../schema/default.ts";
import { pruneCustom } from "../schema/prune.ts";
import { badRequest, invalid, type StatusError, unsupportedMediaType } from "../status.ts";
import type { ApiRequest, World } from "../world.ts";

const BODY_TYPES = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"] as const;

/** The body as JSON data, with duplicate keys reported. */
export interface RawBody {
  readonly value: unknown;
  readonly duplicates: readonly string[];
}

/**
 * Reads a JSON, YAML or protobuf body.
 *
 * @throws StatusError 400 for text that is neither, 415 for another content type
 */
export function readRawBody(request: ApiRequest, kind: string, world: World): RawBody {
  const mediaType = request.contentType.split(";")[0]?.trim() ?? "";
  const text = request.body.toString("utf8");
  if (mediaType === "application/yaml") {
    const value = parseDocument(text, kind);
    checkShape(value, world.limits);
    return { value, duplicates: [] };
  }
  if (mediaType === "application/vnd.kubernetes.protobuf")
    return { value: parseProtobuf(request.body, world), duplicates: [] };
  if (mediaType !== "application/json" && mediaType !== "") throw unsupportedMediaType(BODY_TYPES);
  return { value: parseJson(text, kind, world), duplicates: duplicateFields(text) };
}

function parseProtobuf(body: Buffer, world: World): unknown {
  try {
    const value = decodeProtobuf(body);
    checkShape(value, world.limits);
    return value;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw badRequest(`error decoding protobuf: ${error.message}`);
  }
}

function parseJson(text: string, kind: string, world: World): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unrecognized(kind, text.trim() === "" ? "unexpected end of JSON input" : "invalid JSON");
  }
  checkShape(value, world.limits);
  return value;
}

function unrecognized(kind: string, why: string): StatusError {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why}`,
  );
}

/**
 * Turns a body into an object of the resource's kind: kind and version checked, unknown fields dropped (and reported
 * according to `fieldValidation`), types checked, defaults of the schema set.
 *
 * @throws StatusError 400
 */
export function decodeObject(raw: RawBody, type: ResourceType, request: ApiRequest, world: World): KubeObject {
  const { value } = raw;
  if (!isJsonObject(value)) throw unrecognized(type.kind, "json: cannot unmarshal into Go value of type struct");
  const expected = apiVersionOf(type);
  checkKind(value, type);
  value["apiVersion"] = expected;
  value["kind"] = type.kind;
  const metadata = value["metadata"] ?? {};
  if (!isJsonObject(metadata)) throw wrongMetadata(metadata, type);
  value["metadata"] = metadata;
  const unknown = decodeInPlace(value, type, world);
  reportFields(unknown, raw.duplicates, type, request);
  if (!isKubeObject(value)) throw unrecognized(type.kind, "no object");
  return value;
}

function wrongMetadata(metadata: unknown, type: ResourceType): StatusError {
  const got = Array.isArray(metadata) ? "array" : typeof metadata === "boolean" ? "bool" : typeof metadata;
  return badRequest(
    `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: json: cannot unmarshal ${got} into Go struct field ${type.kind}.metadata of type v1.ObjectMeta`,
  );
}

function checkKind(value: JsonObject, type: ResourceType): void {
  const kind = textAt(value, "kind");
  const apiVersion = textAt(value, "apiVersion");
  if (kind === "" && apiVersion === "" && type.custom === undefined) return;
  if (kind === "" && type.custom === undefined && apiVersion === apiVersionOf(type)) return;
  if (kind === "") throw badRequest(`Object 'Kind' is missing in the body`);
  const given = splitApiVersion(apiVersion);
  if (kind === type.kind && given.group === type.group && given.version === type.version) return;
  if (kind === type.kind) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(type)})`,
    );
  }
  if (type.custom !== undefined) {
    const cause = {
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(kind)}: must be ${type.kind}`,
      field: "kind",
    };
    throw invalid({ group: type.group, kind }, textAt(value, "metadata", "name"), [cause]);
  }
  const from = `${given.version}.${kind}`;
  const group = type.group === "" ? "core" : type.group.split(".")[0];
  throw badRequest(
    `${kind} in version "${given.version}" cannot be handled as a ${type.kind}: converting (${from}) to (${group}.${type.kind}): unknown conversion`,
  );
}

/** Brings data into the kind's shape; returns the paths of unknown fields. */
function decodeInPlace(value: JsonObject, type: ResourceType, world: World): string[] {
  try {
    if (type.custom === undefined) return decodeBuiltin(value, type.schema, type.kind);
    const metadataSchema = world.builtin.schemas.get("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    const metadata = value["metadata"];
    const unknown =
      metadataSchema !== undefined && isJsonObject(metadata)
        ? decodeBuiltin(metadata, metadataSchema, "ObjectMeta").map((path) => `metadata.${path}`)
        : [];
    unknown.push(...pruneCustom(value, type.schema).sort());
    defaultCustom(value, type.schema);
    return unknown;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${error.message}`);
  }
}

function reportFields(
  unknown: readonly string[],
  duplicates: readonly string[],
  type: ResourceType,
  request: ApiRequest,
): void {
  const problems = [
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
    ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
  ];
  const mode = fieldValidation(request);
  if (problems.length === 0 || mode === "Ignore") return;
  if (mode === "Warn") {
    request.warnings.push(...problems);
    return;
  }
  throw badRequest(
    type.custom === undefined
      ? `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${problems.join(", ")}`
      : `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${problems.join(", ")}`,
  );
}

function fieldValidation(request: ApiRequest): "Ignore" | "Warn" | "Strict" {
  const mode = request.query.get("fieldValidation");
  return mode === "Ignore" || mode === "Strict" ? mode : "Warn";
}
