import type { KubeObject } from "../../src/objects/index.ts";
import { checkMetadata, SecretsError } from "../../src/secrets/index.ts";
import { readManifests, type YamlValue } from "../../src/yaml/index.ts";
import { KubesealError } from "./errors.ts";

const API_VERSION = "bitnami.com/v1alpha1";
const KIND = "SealedSecret";

/** A SealedSecret with what its text says of kind and version: either may be missing there. */
export interface ReadSealedSecret {
  readonly object: KubeObject;
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * The first document of a text as a SealedSecret, by the rules of the Kubernetes decoder: kind and version have to be
 * right where they are given, nothing is converted, unknown fields are dropped. Undefined for an empty document.
 *
 * @throws {KubesealError} `KUBESEAL_BAD_INPUT`; {YamlError}
 */
export function readSealedSecret(bytes: Uint8Array): ReadSealedSecret | undefined {
  const value = readManifests(bytes, { mode: "lenient", firstOnly: true }).manifests[0]?.value;
  if (value === undefined) return undefined;
  if (!isObject(value)) throw bad(`couldn't get version/kind; json parse error: json: ${noHeader(value)}`);
  if (Object.keys(value).length === 0) return undefined;
  const apiVersion = headerText(value, "apiVersion");
  const kind = headerText(value, "kind");
  checkKind(kind === "" ? KIND : kind, apiVersion === "" ? API_VERSION : apiVersion);
  const metadata = value["metadata"] ?? {};
  if (!isObject(metadata)) throw wrongType(metadata, "SealedSecret.metadata", "v1.ObjectMeta");
  checkMetadataOf(metadata);
  const spec = readSpec(value["spec"]);
  const status = value["status"];
  const object = { kind: KIND, apiVersion: API_VERSION, metadata, spec, ...(isObject(status) ? { status } : {}) };
  return { object, apiVersion, kind };
}

function headerText(value: { readonly [key: string]: YamlValue }, name: string): string {
  const text = value[name] ?? "";
  if (typeof text === "string") return text;
  throw bad(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${goKind(text)} into Go struct field .${name} of type string`,
  );
}

/** Kinds that the original knows, and so has other words for; by their version. */
const KNOWN_KINDS: Readonly<Record<string, readonly string[]>> = {
  v1: [
    "ConfigMap",
    "Endpoints",
    "List",
    "Namespace",
    "Node",
    "PersistentVolumeClaim",
    "Pod",
    "Secret",
    "Service",
    "ServiceAccount",
  ],
  "apps/v1": ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
  "batch/v1": ["CronJob", "Job"],
  "networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
  "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
};

function checkKind(kind: string, apiVersion: string): void {
  if (kind === KIND && apiVersion === API_VERSION) return;
  const wanted = `a ${KIND} of ${API_VERSION} is wanted`;
  if (Object.hasOwn(KNOWN_KINDS, apiVersion) && KNOWN_KINDS[apiVersion]?.includes(kind) === true) {
    throw bad(`converting (v1.${kind}) to (v1alpha1.SealedSecret): unknown conversion`, wanted);
  }
  throw bad(
    `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`,
    wanted,
  );
}

function checkMetadataOf(metadata: { readonly [key: string]: YamlValue }): void {
  try {
    checkMetadata(metadata);
  } catch (cause) {
    if (!(cause instanceof SecretsError)) throw cause;
    const reason = cause.original.replace("error unmarshaling JSON: while decoding JSON: ", "");
    throw new KubesealError("KUBESEAL_BAD_INPUT", reason, { details: cause.details.slice(0, 1), cause });
  }
}

function readSpec(spec: YamlValue | undefined): { [key: string]: YamlValue } {
  if (spec === undefined || spec === null) return {};
  if (!isObject(spec)) throw wrongType(spec, "SealedSecret.spec", "v1alpha1.SealedSecretSpec");
  const { template, data, encryptedData } = spec;
  return {
    ...(template === undefined || template === null ? {} : { template: readTemplate(template) }),
    ...(data === undefined ? {} : { data }),
    ...(encryptedData === undefined ? {} : { encryptedData }),
  };
}

function readTemplate(template: YamlValue): { [key: string]: YamlValue } {
  if (!isObject(template)) throw wrongType(template, "SealedSecretSpec.spec.template", "v1alpha1.SecretTemplateSpec");
  const { metadata, type, immutable, data } = template;
  const place = "SecretTemplateSpec.spec.template";
  if (!isAbsent(type) && typeof type !== "string") throw wrongType(type, `${place}.type`, "v1.SecretType");
  if (!isAbsent(immutable) && typeof immutable !== "boolean") throw wrongType(immutable, `${place}.immutable`, "bool");
  if (!isAbsent(data)) checkTemplates(data, `${place}.data`);
  const parts = { metadata, type, immutable, data };
  return Object.fromEntries(
    Object.entries(parts).filter((entry): entry is [string, YamlValue] => entry[1] !== undefined),
  );
}

function checkTemplates(data: YamlValue, place: string): void {
  if (!isObject(data)) throw wrongType(data, place, "map[string]*string");
  for (const source of Object.values(data)) {
    if (source !== null && typeof source !== "string") throw wrongType(source, place, "string");
  }
}

function isAbsent(value: YamlValue | undefined): value is null | undefined {
  return value === undefined || value === null;
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
