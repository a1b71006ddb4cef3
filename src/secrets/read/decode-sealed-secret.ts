import type { KubeObject } from "../../objects/index.ts";
import { type Fields, field, isFields } from "../fields.ts";
import { decodeMetadata } from "./decode-metadata.ts";
import type { DecodeOptions } from "./decode-secret.ts";
import { GoDecoder, type GoPlace } from "./go-decoder.ts";

/**
 * A SealedSecret as the original's tools send it on: every field that they know, in their types, unknown ones dropped.
 * Kind and version are not looked at. A template is always there, `encryptedData` is null when it is absent, an item that
 * is no text is empty.
 *
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED` for a field of another type.
 */
export function decodeSealedSecret(value: unknown, { scalarsAsText = true }: DecodeOptions = {}): KubeObject {
  const root = new GoDecoder(scalarsAsText);
  if (!isFields(value)) throw root.wrongType(value, { go: "SealedSecret", path: "" }, "v1alpha1.SealedSecret");
  const kind = root.exactText(field(value, "kind"), at("TypeMeta.kind")) ?? "";
  const apiVersion = root.exactText(field(value, "apiVersion"), at("TypeMeta.apiVersion")) ?? "";
  const metadata = decodeMetadata(struct(value, "metadata", root, "v1.ObjectMeta"), root);
  const spec = struct(value, "spec", root, "v1alpha1.SealedSecretSpec");
  const status = field(value, "status");
  return {
    kind,
    apiVersion,
    metadata,
    spec: {
      template: templateOf(struct(spec, "template", root, "v1alpha1.SecretTemplateSpec"), root),
      ...textsOnly({ data: root.text(field(spec, "data"), at("spec.data")) }),
      encryptedData: itemsOf(field(spec, "encryptedData")),
    },
    ...(isFields(status) ? { status: statusOf(status, root) } : {}),
  };
}

function at(name: string): GoPlace {
  return { go: `SealedSecret.${name}`, path: name };
}

function struct(owner: Fields, name: string, root: GoDecoder, goType: string): Fields {
  const value = field(owner, name) ?? {};
  if (!isFields(value)) throw root.wrongType(value, at(name), goType);
  return value;
}

function templateOf(template: Fields, root: GoDecoder): Fields {
  const type = root.text(field(template, "type"), at("spec.template.type"), "v1.SecretType");
  const immutable = root.bool(field(template, "immutable"), at("spec.template.immutable"));
  const data = root
    .entries(field(template, "data"), at("spec.template.data"), "map[string]*string")
    .map(([key, source]): [string, string | null] => [key, root.text(source, at("spec.template.data")) ?? null]);
  return {
    metadata: decodeMetadata(struct(template, "metadata", root, "v1.ObjectMeta"), root),
    ...textsOnly({ type }),
    ...(immutable === undefined ? {} : { immutable }),
    ...(data.length === 0 ? {} : { data: ownEntries(data) }),
  };
}

function itemsOf(items: unknown): Fields | null {
  if (items === undefined || items === null) return null;
  if (!isFields(items)) return {};
  return ownEntries(Object.entries(items).map(([key, item]) => [key, typeof item === "string" ? item : ""]));
}

function statusOf(status: Fields, root: GoDecoder): Fields {
  const observedGeneration = root.integer(field(status, "observedGeneration"), at("status.observedGeneration"));
  const conditions = root.list(
    field(status, "conditions"),
    at("status.conditions"),
    "[]v1alpha1.SealedSecretCondition",
  );
  return {
    ...(observedGeneration ? { observedGeneration } : {}),
    ...(conditions === undefined || conditions.length === 0
      ? {}
      : { conditions: conditions.map((condition) => conditionOf(isFields(condition) ? condition : {}, root)) }),
  };
}

function conditionOf(condition: Fields, root: GoDecoder): Fields {
  const text = (name: string) => root.text(field(condition, name), at(`status.conditions.${name}`));
  const time = (name: string) => root.time(field(condition, name), at(`status.conditions.${name}`)) ?? null;
  return {
    type: text("type") ?? "",
    status: text("status") ?? "",
    lastUpdateTime: time("lastUpdateTime"),
    lastTransitionTime: time("lastTransitionTime"),
    ...textsOnly({ reason: text("reason"), message: text("message") }),
  };
}

function textsOnly(parts: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parts).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""),
  );
}

/** Own properties only, whatever the names. */
function ownEntries<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  const map: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return map;
}
