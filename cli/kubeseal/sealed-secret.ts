import type { KubeObject } from "../../src/objects/index.ts";
import { readManifests, type YamlValue } from "../../src/yaml/index.ts";
import { KubesealError } from "./errors.ts";

const API_VERSION = "bitnami.com/v1alpha1";

/**
 * The first document of a text as a SealedSecret, by the rules of the Kubernetes decoder: kind and version have to be
 * right, nothing is converted. Undefined for an empty text.
 *
 * @throws {KubesealError} `KUBESEAL_BAD_INPUT`; {YamlError}
 */
export function readSealedSecret(bytes: Uint8Array): KubeObject | undefined {
  const value = readManifests(bytes, { mode: "lenient" }).manifests[0]?.value;
  if (value === undefined) return undefined;
  if (!isObject(value)) throw bad(`couldn't get version/kind; json parse error: json: ${noHeader(value)}`);
  const { apiVersion = "", kind = "", metadata = {} } = value;
  if (kind === "") throw bad("Object 'Kind' is missing", `a SealedSecret of ${API_VERSION} is wanted`);
  if (apiVersion === "v1" && (kind === "Secret" || kind === "List")) {
    throw bad(`converting (v1.${kind}) to (v1alpha1.SealedSecret): unknown conversion`);
  }
  if (kind !== "SealedSecret" || apiVersion !== API_VERSION) {
    throw bad(
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`,
      `a SealedSecret of ${API_VERSION} is wanted`,
    );
  }
  if (!isObject(metadata)) throw wrongType(metadata, "SealedSecret.metadata", "v1.ObjectMeta");
  for (const field of ["labels", "annotations"]) checkTexts(metadata[field], field);
  checkTemplates(value["spec"]);
  return { ...value, apiVersion, kind, metadata };
}

/** Of the fields of `spec` only the templates have to be of the right type: the decoder tolerates the rest. */
function checkTemplates(spec: YamlValue | undefined): void {
  const template = isObject(spec) ? spec["template"] : undefined;
  const data = isObject(template) ? template["data"] : undefined;
  if (data === undefined || data === null) return;
  const place = "SecretTemplateSpec.spec.template.data";
  if (!isObject(data)) throw wrongType(data, place, "map[string]*string");
  for (const source of Object.values(data)) {
    if (source !== null && typeof source !== "string") throw wrongType(source, place, "string");
  }
}

function checkTexts(map: YamlValue | undefined, field: string): void {
  if (map === undefined || map === null) return;
  const place = `ObjectMeta.metadata.${field}`;
  if (!isObject(map)) throw wrongType(map, place, "map[string]string");
  for (const text of Object.values(map)) {
    if (text !== null && typeof text !== "string") throw wrongType(text, place, "string");
  }
}

/** The word that Go's JSON decoder has for this kind of value. */
function goKind(value: YamlValue): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" ? "number" : typeof value;
}

const HEADER =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function noHeader(value: YamlValue): string {
  return `cannot unmarshal ${goKind(value)} into Go value of type ${HEADER}`;
}

function wrongType(value: YamlValue, place: string, type: string): KubesealError {
  return bad(`json: cannot unmarshal ${goKind(value)} into Go struct field ${place} of type ${type}`);
}

function bad(message: string, detail?: string): KubesealError {
  return new KubesealError("KUBESEAL_BAD_INPUT", message, detail === undefined ? {} : { details: [detail] });
}

export function isObject(value: YamlValue | undefined): value is { [key: string]: YamlValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
