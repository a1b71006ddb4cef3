import type { KubeObject } from "../../src/objects/index.ts";
import type { ResourceType } from "../registry/resource-type.ts";
import type { Cause } from "../status.ts";
import { duplicate, IMMUTABLE, invalidValue, required, tooLong } from "./causes.ts";
import {
  label1035Problem,
  labelProblem,
  labelValueProblem,
  pathSegmentProblem,
  qualifiedNameProblem,
  subdomainProblem,
} from "./names.ts";

const MAX_ANNOTATION_BYTES = 256 * 1024;

const NAME_RULES = {
  subdomain: subdomainProblem,
  label: labelProblem,
  "label-1035": label1035Problem,
  "path-segment": pathSegmentProblem,
} as const;

/** Checks of `metadata` that are the same for every kind. */
export function validateMetadata(object: KubeObject, type: ResourceType, old: KubeObject | undefined): Cause[] {
  const { metadata } = object;
  const causes: Cause[] = [];
  const name = metadata.name ?? "";
  const prefix = metadata.generateName ?? "";
  const prefixProblem =
    prefix === "" ? undefined : NAME_RULES[type.strategy.nameRule ?? "subdomain"](prefix.replace(/[-.]$/, "a"));
  if (prefixProblem !== undefined && old === undefined)
    causes.push(invalidValue("metadata.generateName", prefix, prefixProblem));
  if (name === "") causes.push(required("metadata.name", "name or generateName is required"));
  else if (old === undefined) {
    const problem = NAME_RULES[type.strategy.nameRule ?? "subdomain"](name);
    if (problem !== undefined) causes.push(invalidValue("metadata.name", name, problem));
  }
  causes.push(...validateLabels(metadata.labels ?? {}, "metadata.labels"), ...validateAnnotations(object));
  causes.push(...validateFinalizers(metadata.finalizers ?? [], type));
  causes.push(...validateOwners(object));
  if (old?.metadata.deletionTimestamp !== undefined) {
    const before = new Set(old.metadata.finalizers ?? []);
    const added = (metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
    if (added.length > 0) {
      causes.push({
        reason: "FieldValueForbidden",
        message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${goStrings(added)}`,
        field: "metadata.finalizers",
      });
    }
  }
  return causes;
}

const STANDARD_FINALIZERS = new Set(["foregroundDeletion", "orphan", "kubernetes"]);

function validateFinalizers(finalizers: readonly string[], type: ResourceType): Cause[] {
  return finalizers.flatMap((finalizer, index) => {
    const problem = qualifiedNameProblem(finalizer);
    if (problem !== undefined) return [invalidValue("metadata.finalizers", finalizer, problem)];
    const isQualified = finalizer.includes("/") || STANDARD_FINALIZERS.has(finalizer) || type.custom !== undefined;
    const why = "name is neither a standard finalizer name nor is it fully qualified";
    return isQualified || type.group !== "" ? [] : [invalidValue(`metadata.finalizers[${index}]`, finalizer, why)];
  });
}

const goStrings = (items: readonly string[]) => `[]string{${items.map((item) => JSON.stringify(item)).join(", ")}}`;

function validateLabels(labels: Readonly<Record<string, string>>, field: string): Cause[] {
  const causes: Cause[] = [];
  for (const [key, value] of Object.entries(labels)) {
    const keyProblem = qualifiedNameProblem(key);
    if (keyProblem !== undefined) causes.push(invalidValue(field, key, keyProblem));
    const valueProblem = labelValueProblem(value);
    if (valueProblem !== undefined) causes.push(invalidValue(field, value, valueProblem));
  }
  return causes;
}

function validateAnnotations({ metadata }: KubeObject): Cause[] {
  const causes: Cause[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    const problem = qualifiedNameProblem(key.toLowerCase());
    if (problem !== undefined) causes.push(invalidValue("metadata.annotations", key, problem));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MAX_ANNOTATION_BYTES) causes.push(tooLong("metadata.annotations", MAX_ANNOTATION_BYTES));
  return causes;
}

function validateOwners({ metadata }: KubeObject): Cause[] {
  const causes: Cause[] = [];
  let controllers = 0;
  const field = "metadata.ownerReferences";
  for (const owner of metadata.ownerReferences ?? []) {
    if (!owner.apiVersion)
      causes.push(invalidValue(`${field}.apiVersion`, owner.apiVersion ?? "", "version must not be empty"));
    if (!owner.kind) causes.push(invalidValue(`${field}.kind`, owner.kind ?? "", "must not be empty"));
    if (!owner.name) causes.push(invalidValue(`${field}.name`, owner.name ?? "", "must not be empty"));
    if (!owner.uid) causes.push(invalidValue(`${field}.uid`, owner.uid ?? "", "must not be empty"));
    if (owner.controller === true) controllers += 1;
  }
  if (controllers > 1) {
    causes.push(
      invalidValue(
        "metadata.ownerReferences",
        metadata.ownerReferences,
        "Only one reference can have Controller set to true",
      ),
    );
  }
  return causes;
}

/** What may not change once an object exists. */
export function validateMetadataUpdate(object: KubeObject, old: KubeObject): Cause[] {
  const causes: Cause[] = [];
  for (const field of ["uid", "creationTimestamp"] as const) {
    if (object.metadata[field] !== old.metadata[field]) {
      causes.push(invalidValue(`metadata.${field}`, object.metadata[field], IMMUTABLE));
    }
  }
  return causes;
}

/** Entries of a list that repeat an earlier one, as causes. */
export function duplicates(names: readonly string[], field: (index: number) => string): Cause[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    if (seen.has(name)) return [duplicate(field(index), name)];
    seen.add(name);
    return [];
  });
}
