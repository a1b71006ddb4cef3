import { equalJson, isJsonObject, type JsonObject, type KubeObject } from "../../src/objects/index.ts";
import { at, cloneObject, keyOfObject, listAt, textAt, timestamp, valueAt } from "../object.ts";
import { type Column, type ResourceType, type Subresource, tableOf } from "../registry/resource-type.ts";
import { readCustomSchema } from "../schema/custom.ts";
import type { Schema } from "../schema/schema.ts";
import type { World } from "../world.ts";

export const DEFINITIONS = tableOf("apiextensions.k8s.io", "customresourcedefinitions");

const VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const NAME_COLUMN: Column = { name: "Name", type: "string", format: "name", priority: 0 };
const AGE_COLUMN: Column = {
  name: "Age",
  type: "date",
  format: "",
  priority: 0,
  jsonPath: ".metadata.creationTimestamp",
};

/** Serves every CustomResourceDefinition from the moment that it is stored, and stops when it goes. */
export function serveDefinitions(world: World): () => void {
  return world.store.subscribe((change) => {
    if (change.table !== DEFINITIONS) return;
    const name = change.object.metadata.name ?? "";
    if (change.type === "DELETED") {
      world.registry.removeCustom(name);
      return;
    }
    const sameSpec = change.previous !== undefined && equalJson(change.previous["spec"], change.object["spec"]);
    if (sameSpec && change.type === "MODIFIED") return;
    const accepted = namesConflict(world, change.object) === undefined;
    world.registry.removeCustom(name);
    if (accepted) for (const type of typesOf(change.object, world)) world.registry.add(type);
    // A write from inside a listener would reach later listeners before this change does.
    queueMicrotask(() => writeStatus(world, keyOfObject(change.object)));
  });
}

/** Another definition or a built-in group that already has this kind or plural. */
function namesConflict(world: World, definition: KubeObject): string | undefined {
  const group = textAt(definition, "spec", "group");
  const plural = textAt(definition, "spec", "names", "plural");
  const kind = textAt(definition, "spec", "names", "kind");
  const name = definition.metadata.name ?? "";
  const other = world.registry
    .all()
    .find(
      (type) =>
        type.group === group && type.custom?.definitionName !== name && (type.plural === plural || type.kind === kind),
    );
  if (other === undefined) return undefined;
  return other.plural === plural ? `"${plural}" is already in use` : `"${kind}" is already in use`;
}

function writeStatus(world: World, key: string): void {
  const definition = world.store.get(DEFINITIONS, key);
  if (definition === undefined) return;
  const conflict = namesConflict(world, definition);
  const names = at(definition, "spec", "names");
  const next = cloneObject(definition);
  const condition = (type: string, status: boolean, reason: string, message: string): JsonObject => {
    const before = listAt(definition, "status", "conditions").find((entry) => textAt(entry, "type") === type);
    const same = textAt(before, "status") === (status ? "True" : "False");
    const lastTransitionTime = same ? textAt(before, "lastTransitionTime") : timestamp(world.now());
    return { type, status: status ? "True" : "False", lastTransitionTime, reason, message };
  };
  const stored = listAt(definition, "spec", "versions").find((version) => valueAt(version, "storage") === true);
  const versions = new Set([...listAt(definition, "status", "storedVersions").map(String), textAt(stored, "name")]);
  next["status"] = {
    conditions:
      conflict === undefined
        ? [
            condition("NamesAccepted", true, "NoConflicts", "no conflicts found"),
            condition("Established", true, "InitialNamesAccepted", "the initial names have been accepted"),
          ]
        : [
            condition("NamesAccepted", false, "PluralConflict", conflict),
            condition("Established", false, "NotAccepted", "not all names are accepted"),
          ],
    acceptedNames: conflict === undefined ? structuredClone(names) : { plural: "", kind: "" },
    storedVersions: [...versions],
  };
  if (!equalJson(next["status"], definition["status"])) world.store.put(DEFINITIONS, key, next);
}

/** One resource type per served version. */
function typesOf(definition: KubeObject, world: World): ResourceType[] {
  const versions = listAt(definition, "spec", "versions").filter(isJsonObject);
  const stored = versions.find((version) => version["storage"] === true);
  return versions
    .filter((version) => version["served"] === true)
    .map((version) => typeOf(definition, version, textAt(stored, "name"), world));
}

/** A definition's schema says little or nothing about the parts that every object has. */
function wholeSchema(schema: Schema, world: World): Schema {
  const properties = new Map(schema.properties);
  const metadata = world.builtin.schemas.get("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  if (metadata !== undefined) properties.set("metadata", metadata);
  for (const field of ["apiVersion", "kind"]) properties.set(field, { type: "string" });
  return { ...schema, properties };
}

function typeOf(definition: KubeObject, version: JsonObject, storageVersion: string, world: World): ResourceType {
  const group = textAt(definition, "spec", "group");
  const names = at(definition, "spec", "names");
  const kind = textAt(names, "kind");
  const name = textAt(version, "name");
  const plural = textAt(names, "plural");
  const status = isJsonObject(valueAt(version, "subresources", "status"));
  const raw = at(version, "schema", "openAPIV3Schema");
  const schema = wholeSchema(readCustomSchema(raw), world);
  if (valueAt(definition, "spec", "preserveUnknownFields") === true) schema.preserveUnknown = true;
  const given = listAt(version, "additionalPrinterColumns").filter(isJsonObject).map(columnOf);
  const selectable = listAt(version, "selectableFields").map((field) => textAt(field, "jsonPath"));
  return {
    group,
    version: name,
    plural,
    singular: textAt(names, "singular"),
    kind,
    listKind: textAt(names, "listKind") || `${kind}List`,
    namespaced: textAt(definition, "spec", "scope") === "Namespaced",
    shortNames: listAt(names, "shortNames").map(String),
    categories: listAt(names, "categories").map(String),
    verbs: VERBS,
    subresources: new Map<string, Subresource>(
      status ? [["status", { name: "status", group, version: name, kind, verbs: ["get", "patch", "update"] }]] : [],
    ),
    columns: [NAME_COLUMN, ...(given.length === 0 ? [AGE_COLUMN] : given)],
    schema,
    definition: undefined,
    strategy: { generation: true, selectable: Object.fromEntries(selectable.map(selectorOf)) },
    table: tableOf(group, plural),
    custom: { definitionName: definition.metadata.name ?? "", storageVersion, rawSchema: raw },
  };
}

function selectorOf(jsonPath: string): [string, (object: KubeObject) => string] {
  const path = jsonPath.replace(/^\./, "").split(".");
  return [path.join("."), (object) => String(valueAt(object, ...path) ?? "")];
}

function columnOf(raw: JsonObject): Column {
  const jsonPath = textAt(raw, "jsonPath");
  return {
    name: textAt(raw, "name"),
    type: textAt(raw, "type"),
    format: textAt(raw, "format"),
    description: textAt(raw, "description") || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority: typeof raw["priority"] === "number" ? raw["priority"] : 0,
    jsonPath,
  };
}
