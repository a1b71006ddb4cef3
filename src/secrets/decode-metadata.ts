import type { ObjectMeta } from "../objects/index.ts";
import { type Fields, field, isFields, mapFields, stringMap } from "./fields.ts";
import { GoDecoder, type GoPlace } from "./go-decoder.ts";

/** Fields that are text and that nothing is made of: the API server owns them. Name and Go type. */
const OWNED_TEXTS = [
  ["resourceVersion", "string"],
  ["selfLink", "string"],
  ["uid", "types.UID"],
] as const;

/**
 * The metadata of a Secret, as far as a SealedSecret takes it over; the rest is only checked. Fields are looked at in
 * the order of their names, so that of several mistakes the same one is told as by the Go tools.
 *
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED`
 */
export function decodeMetadata(value: Fields, root: GoDecoder): ObjectMeta {
  const annotations = texts(value, "annotations", root);
  root.time(field(value, "creationTimestamp"), at("creationTimestamp"));
  root.checkInteger(field(value, "deletionGracePeriodSeconds"), at("deletionGracePeriodSeconds"));
  root.time(field(value, "deletionTimestamp"), at("deletionTimestamp"));
  const finalizers = root
    .list(field(value, "finalizers"), at("finalizers"), "[]string")
    ?.map((entry) => root.text(entry, at("finalizers")) ?? "");
  const generateName = root.text(field(value, "generateName"), at("generateName"));
  root.checkInteger(field(value, "generation"), at("generation"));
  const labels = texts(value, "labels", root);
  const managedFields = managedFieldsOf(field(value, "managedFields"), root);
  const name = root.text(field(value, "name"), at("name"));
  const namespace = root.text(field(value, "namespace"), at("namespace"));
  checkOwners(field(value, "ownerReferences"), root);
  for (const [owned, goType] of OWNED_TEXTS) root.text(field(value, owned), at(owned), goType);
  const meta: ObjectMeta = {};
  const put = (key: string, content: string | object | undefined) => {
    if (content !== undefined && content !== "") meta[key] = content;
  };
  put("name", name);
  put("generateName", generateName);
  put("namespace", namespace);
  put("labels", labels);
  put("annotations", annotations);
  put("finalizers", finalizers?.length === 0 ? undefined : finalizers);
  put("managedFields", managedFields?.length === 0 ? undefined : managedFields);
  return meta;
}

/**
 * Checks the metadata of an object of which nothing is converted, such as a SealedSecret.
 *
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED`
 */
export function checkMetadata(value: Fields): void {
  decodeMetadata(value, new GoDecoder(false));
}

function at(name: string): GoPlace {
  return { go: `ObjectMeta.metadata.${name}`, path: `metadata.${name}` };
}

function texts(meta: Fields, name: string, root: GoDecoder): Record<string, string> | undefined {
  const place = at(name);
  const entries = mapFields(meta, name).flatMap((map) => root.entries(map, place, "map[string]string"));
  if (entries.length === 0) return undefined;
  return stringMap(
    entries.map(([key, entry]) => [key, root.text(entry, { ...place, path: `${place.path}.${key}` }) ?? ""] as const),
  );
}

function managedFieldsOf(value: unknown, root: GoDecoder): readonly Fields[] | undefined {
  const place = at("managedFields");
  return root.list(value, place, "[]v1.ManagedFieldsEntry")?.map((entry) => {
    if (entry !== null && !isFields(entry)) throw root.wrongType(entry, place, "v1.ManagedFieldsEntry");
    const inner = (name: string) => ({ go: `ManagedFieldsEntry.metadata.managedFields.${name}`, path: place.path });
    const text = (name: string) => root.text(field(entry ?? {}, name), inner(name));
    const parts = {
      manager: text("manager"),
      operation: text("operation"),
      apiVersion: text("apiVersion"),
      time: root.time(field(entry ?? {}, "time"), inner("time")),
      fieldsType: text("fieldsType"),
      fieldsV1: field(entry ?? {}, "fieldsV1") ?? undefined,
      subresource: text("subresource"),
    };
    return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined && part !== ""));
  });
}

function checkOwners(value: unknown, root: GoDecoder): void {
  const place = at("ownerReferences");
  for (const entry of root.list(value, place, "[]v1.OwnerReference") ?? []) {
    if (entry === null) continue;
    if (!isFields(entry)) throw root.wrongType(entry, place, "v1.OwnerReference");
    const inner = (name: string) => ({ go: `OwnerReference.metadata.ownerReferences.${name}`, path: place.path });
    for (const name of ["apiVersion", "kind", "name"]) root.text(field(entry, name), inner(name));
    for (const name of ["controller", "blockOwnerDeletion"]) root.bool(field(entry, name), inner(name));
    root.text(field(entry, "uid"), inner("uid"), "types.UID");
  }
}
