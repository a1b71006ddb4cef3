import type { KubeObject, ObjectMeta } from "../objects/index.ts";
import { SecretsError } from "./errors.ts";
import { type Fields, isFields, stringMap } from "./fields.ts";

export const SEALED_SECRET_API_VERSION = "bitnami.com/v1alpha1";
export const SEALED_SECRET_KIND = "SealedSecret";

/** `spec.template`: what the Secret gets beside its values. */
export interface SecretTemplate {
  readonly metadata: ObjectMeta | undefined;
  readonly type: string | undefined;
  readonly immutable: boolean | undefined;
  /** Sources of Go templates by key, as they stand in the object; undefined when there are none. */
  readonly data: Fields | undefined;
}

/** A SealedSecret as far as it can be understood. Wrong types are tolerated where upstream tolerates them. */
export interface SealedSecretView {
  readonly metadata: ObjectMeta;
  readonly annotations: Readonly<Record<string, string>>;
  readonly template: SecretTemplate;
  /** Base64 text; anything else is an item that cannot be opened. */
  readonly encryptedData: ReadonlyMap<string, unknown>;
  /** The single blob of versions before 0.6. */
  readonly legacyData: string | undefined;
}

/**
 * Looks at an object as a SealedSecret.
 *
 * @throws {SecretsError} `SECRETS_NOT_SEALED_SECRET` for another kind or version.
 */
export function viewSealedSecret(object: KubeObject): SealedSecretView {
  const { apiVersion, kind } = object;
  if (kind !== SEALED_SECRET_KIND || apiVersion !== SEALED_SECRET_API_VERSION) throw notSealed(apiVersion, kind);
  const spec = fieldsOf(object["spec"]);
  const template = fieldsOf(spec["template"]);
  const metadata = isFields(object.metadata) ? object.metadata : {};
  const items = fieldsOf(spec["encryptedData"]);
  const data = fieldsOf(template["data"]);
  const legacy = spec["data"];
  return {
    metadata,
    annotations: textsOf(metadata.annotations),
    template: {
      metadata: isFields(template["metadata"]) ? metaOf(template["metadata"]) : undefined,
      type: typeof template["type"] === "string" && template["type"] !== "" ? template["type"] : undefined,
      immutable: typeof template["immutable"] === "boolean" ? template["immutable"] : undefined,
      data: Object.keys(data).length === 0 ? undefined : data,
    },
    encryptedData: new Map(
      Object.keys(items)
        .sort()
        .map((key) => [key, items[key]]),
    ),
    legacyData: typeof legacy === "string" && legacy !== "" ? legacy : undefined,
  };
}

/** The parts of metadata that a Secret may take over from a template; what the API server owns is left out. */
function metaOf(meta: Fields): ObjectMeta {
  const out: ObjectMeta = {};
  for (const name of ["name", "generateName", "namespace"] as const) {
    const value = meta[name];
    if (typeof value === "string") out[name] = value;
  }
  for (const name of ["labels", "annotations"] as const) if (isFields(meta[name])) out[name] = textsOf(meta[name]);
  const finalizers = meta["finalizers"];
  if (Array.isArray(finalizers)) out.finalizers = finalizers.filter((entry) => typeof entry === "string");
  return out;
}

function textsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(fieldsOf(value));
  return stringMap(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function notSealed(apiVersion: unknown, kind: unknown): SecretsError {
  const version = String(apiVersion).split("/").at(-1);
  const original =
    kind === SEALED_SECRET_KIND
      ? `no kind "${SEALED_SECRET_KIND}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`
      : `converting (${version}.${kind}) to (v1alpha1.SealedSecret): unknown conversion`;
  return new SecretsError("SECRETS_NOT_SEALED_SECRET", "Cannot read SealedSecret: the object is something else", {
    original,
    details: [`it is ${kind} of ${apiVersion}, wanted is ${SEALED_SECRET_KIND} of ${SEALED_SECRET_API_VERSION}`],
  });
}
