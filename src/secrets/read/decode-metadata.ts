import type { ObjectMeta } from "../../objects/index.ts";
import { type Fields, field, isFields, mapFields, stringMap } from "../fields.ts";
import { GoDecoder, type GoPlace } from "./go-decoder.ts";

/**
 * The metadata of an object with every field that Kubernetes knows; others are dropped, absent and empty ones left out.
 * Fields are looked at in the order of their names, so that of several mistakes the same one is told as by the Go tools.
 *
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED`
 */
export function decodeMetadata(value: Fields, root: GoDecoder): ObjectMeta {
  const parts = {
    annotations: texts(value, "annotations", root),
    creationTimestamp: root.time(field(value, "creationTimestamp"), at("creationTimestamp")),
    deletionGracePeriodSeconds: root.integer(
      field(value, "deletionGracePeriodSeconds"),
      at("deletionGracePeriodSeconds"),
    ),
    deletionTimestamp: root.time(field(value, "deletionTimestamp"), at("deletionTimestamp")),
    finalizers: root
      .list(field(value, "finalizers"), at("finalizers"), "[]string")
      ?.map((entry) => root.text(entry, at("finalizers")) ?? ""),
    generateName: root.text(field(value, "generateName"), at("generateName")),
    generation: root.integer(field(value, "generation"), at("generation")) || undefined,
    labels: texts(value, "labels", root),
    managedFields: managedFieldsOf(field(value, "managedFields"), root),
    name: root.text(field(value, "name"), at("name")),
    namespace: root.text(field(value, "namespace"), at("namespace")),
    ownerReferences: ownersOf(field(value, "ownerReferences"), root),
    resourceVersion: root.text(field(value, "resourceVersion"), at("resourceVersion")),
    selfLink: root.text(field(value, "selfLink"), at("selfLink")),
    uid: root.text(field(value, "uid"), at("uid"), "types.UID"),
  };
  return filled(parts);
}

/** What a SealedSecret takes over of a Secret's metadata: all but what the API server owns. */
export function ownMetadata({
  name,
  generateName,
  namespace,
  labels,
  annotations,
  finalizers,
  managedFields,
}: ObjectMeta): ObjectMeta {
  return filled({ name, generateName, namespace, labels, annotations, finalizers, managedFields });
}

/**
 * Checks the metadata of an object of which nothing is converted, such as a SealedSecret.
 *
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED`
 */
export function checkMetadata(value: Fields): void {
  decodeMetadata(value, new GoDecoder(false));
}

/** Without what Go leaves out: absent values, empty texts, lists and maps. */
function filled(parts: Fields): ObjectMeta {
  const entries = Object.entries(parts).filter(([, part]) => {
    if (part === undefined || part === "") return false;
    return typeof part !== "object" || part === null || Object.keys(part).length > 0;
  });
  return Object.fromEntries(entries);
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
    return filled(parts);
  });
}

function ownersOf(value: unknown, root: GoDecoder): readonly Fields[] | undefined {
  const place = at("ownerReferences");
  return root.list(value, place, "[]v1.OwnerReference")?.map((entry) => {
    if (entry !== null && !isFields(entry)) throw root.wrongType(entry, place, "v1.OwnerReference");
    const inner = (name: string) => ({ go: `OwnerReference.metadata.ownerReferences.${name}`, path: place.path });
    const text = (name: string, goType?: string) => root.text(field(entry ?? {}, name), inner(name), goType) ?? "";
    const bool = (name: string) => root.bool(field(entry ?? {}, name), inner(name));
    const [apiVersion, kind, name] = [text("apiVersion"), text("kind"), text("name")];
    const flags = { controller: bool("controller"), blockOwnerDeletion: bool("blockOwnerDeletion") };
    return { apiVersion, kind, name, uid: text("uid", "types.UID"), ...filled(flags) };
  });
}
