import { isJsonObject, type JsonObject, type KubeObject } from "../../src/objects/index.ts";
import { at, child, listAt, textAt, valueAt } from "../object.ts";
import type { Strategy, WriteContext } from "../registry/resource-type.ts";
import type { Cause } from "../status.ts";
import { invalidValue, notSupported, required } from "./causes.ts";
import { byDefault } from "./pod-template.ts";

export const definitionStrategy: Strategy = {
  generation: true,
  prepare: (definition) => {
    const spec = child(definition, "spec");
    const names = child(spec, "names");
    byDefault(names, "singular", textAt(names, "kind").toLowerCase());
    byDefault(names, "listKind", `${textAt(names, "kind")}List`);
    byDefault(child(spec, "conversion"), "strategy", "None");
    const stored = listAt(spec, "versions").find((version) => valueAt(version, "storage") === true);
    const storedVersions = stored === undefined ? [] : [textAt(stored, "name")];
    byDefault(definition, "status", { conditions: null, acceptedNames: { plural: "", kind: "" }, storedVersions });
  },
  allocate: (definition, { old }) => {
    if (old !== undefined) return;
    definition.metadata.finalizers = [...new Set([...(definition.metadata.finalizers ?? []), CLEANUP])];
  },
  validate: validateDefinition,
};

/** Holds a definition until its custom resources are gone. */
export const CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

function validateDefinition(definition: KubeObject, { old }: WriteContext): Cause[] {
  const causes: Cause[] = [];
  const spec = at(definition, "spec");
  const name = definition.metadata.name ?? "";
  const expected = `${textAt(spec, "names", "plural")}.${textAt(spec, "group")}`;
  if (name !== expected) {
    causes.push(invalidValue("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  }
  for (const field of ["group", "scope"]) if (textAt(spec, field) === "") causes.push(required(`spec.${field}`));
  for (const field of ["plural", "kind"]) {
    if (textAt(spec, "names", field) === "") causes.push(required(`spec.names.${field}`));
  }
  const scope = textAt(spec, "scope");
  if (scope !== "" && scope !== "Namespaced" && scope !== "Cluster") {
    causes.push(notSupported("spec.scope", scope, ["Cluster", "Namespaced"]));
  }
  const strategy = textAt(spec, "conversion", "strategy");
  if (strategy !== "None") causes.push(notSupported("spec.conversion.strategy", strategy, ["None"]));
  causes.push(...validateVersions(spec));
  if (old !== undefined) {
    for (const path of [["group"], ["names", "plural"], ["names", "kind"], ["scope"]]) {
      const [now, before] = [textAt(spec, ...path), textAt(old, "spec", ...path)];
      if (now !== before) causes.push(invalidValue(`spec.${path.join(".")}`, now, "field is immutable"));
    }
  }
  return causes;
}

function validateVersions(spec: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const versions = listAt(spec, "versions");
  const stored = versions.filter((version) => valueAt(version, "storage") === true);
  if (stored.length !== 1) {
    causes.push(
      invalidValue(
        "spec.versions",
        versions.map((version) => textAt(version, "name")),
        "must have exactly one version marked as storage version",
      ),
    );
  }
  for (const [index, version] of versions.entries()) {
    const schema = valueAt(version, "schema", "openAPIV3Schema");
    const field = `spec.versions[${index}].schema.openAPIV3Schema`;
    if (!isJsonObject(schema)) causes.push(required(field));
    else structural(schema, field, causes, 0);
  }
  return causes;
}

const MAX_DEPTH = 100;

/** The rules that make a schema structural: every value has a type, and unknown parts are declared as such. */
function structural(schema: JsonObject, field: string, causes: Cause[], depth: number): void {
  if (causes.length > 50) return;
  if (depth > MAX_DEPTH) {
    causes.push(invalidValue(field, depth, "nested too deeply"));
    return;
  }
  const open = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const type = textAt(schema, "type");
  if (type === "" && !open) {
    causes.push(
      required(
        `${field}.type`,
        depth === 0 ? "must not be empty at the root" : "must not be empty for specified object fields",
      ),
    );
  }
  if (type === "array" && !isJsonObject(schema["items"])) causes.push(required(`${field}.items`, "must be specified"));
  for (const [name, below] of Object.entries(at(schema, "properties"))) {
    if (isJsonObject(below)) structural(below, `${field}.properties[${name}]`, causes, depth + 1);
  }
  for (const key of ["items", "additionalProperties"]) {
    const below = schema[key];
    if (isJsonObject(below)) structural(below, `${field}.${key}`, causes, depth + 1);
  }
}
