import { isJsonObject, type JsonObject, type KubeObject } from "../../src/objects/index.ts";
import data from "../data/builtin.json" with { type: "json" };
import { strategyFor } from "../kinds/strategies.ts";
import { isKubeObject } from "../object.ts";
import { readDefinitions } from "../schema/builtin.ts";
import { ANYTHING, type Schema } from "../schema/schema.ts";
import { type Column, type ResourceType, type Subresource, tableOf } from "./resource-type.ts";

/** The built-in part of the API: what a real server of `version` describes about itself. */
export interface Builtin {
  readonly version: JsonObject;
  readonly types: readonly ResourceType[];
  readonly schemas: ReadonlyMap<string, Schema>;
  /** Roles and bindings that every cluster starts with. */
  readonly bootstrap: readonly KubeObject[];
  /** Raw OpenAPI definitions by name, for the OpenAPI documents. */
  readonly definitions: JsonObject;
}

/** Served by neither: they need a scheduler, a kubelet or an aggregated server behind them. */
const NOT_SERVED = new Set([
  "componentstatuses",
  "bindings",
  "apiservices",
  "flowschemas",
  "prioritylevelconfigurations",
]);
/** Subresources that end in a running container. */
const NOT_SERVED_BELOW = new Set(["attach", "exec", "log", "portforward", "binding", "resize", "ephemeralcontainers"]);

/** Reads the data file; about 10 ms, so it is done once per process. */
export function loadBuiltin(): Builtin {
  loaded ??= read(data);
  return loaded;
}

let loaded: Builtin | undefined;

function read(raw: JsonObject): Builtin {
  const definitions = isJsonObject(raw["definitions"]) ? raw["definitions"] : {};
  const schemas = readDefinitions(definitions);
  const byKind = new Map<string, string>();
  for (const [name, definition] of Object.entries(definitions)) {
    const [gvk] = list(isJsonObject(definition) ? definition["x-kubernetes-group-version-kind"] : undefined);
    if (isJsonObject(gvk)) byKind.set(`${gvk["group"]}/${gvk["version"]}/${gvk["kind"]}`, name);
  }
  const types = list(raw["resources"])
    .filter(isJsonObject)
    .filter((resource) => !NOT_SERVED.has(text(resource["plural"])))
    .map((resource) => readType(resource, byKind, schemas));
  return {
    version: isJsonObject(raw["version"]) ? raw["version"] : {},
    types,
    schemas,
    bootstrap: list(raw["bootstrap"]).filter(isKubeObject),
    definitions,
  };
}

function readType(
  raw: JsonObject,
  byKind: ReadonlyMap<string, string>,
  schemas: ReadonlyMap<string, Schema>,
): ResourceType {
  const [group, version, plural, kind] = [
    text(raw["group"]),
    text(raw["version"]),
    text(raw["plural"]),
    text(raw["kind"]),
  ];
  const definition = byKind.get(`${group}/${version}/${kind}`);
  const table = group === "events.k8s.io" ? tableOf("", plural) : tableOf(group, plural);
  return {
    group,
    version,
    plural,
    kind,
    table,
    definition,
    singular: text(raw["singular"]),
    listKind: `${kind}List`,
    namespaced: raw["namespaced"] === true,
    shortNames: list(raw["shortNames"]).map(text),
    categories: list(raw["categories"]).map(text),
    verbs: list(raw["verbs"]).map(text),
    subresources: new Map(
      list(raw["subresources"])
        .filter(isJsonObject)
        .map((sub) => readSubresource(sub, kind))
        .filter((sub) => !NOT_SERVED_BELOW.has(sub.name))
        .map((sub) => [sub.name, sub]),
    ),
    columns: list(raw["columns"]).filter(isJsonObject).map(readColumn),
    schema: (definition === undefined ? undefined : schemas.get(definition)) ?? ANYTHING,
    strategy: strategyFor(group, plural),
    custom: undefined,
  };
}

function readSubresource(raw: JsonObject, kind: string): Subresource {
  return {
    name: text(raw["name"]),
    group: text(raw["group"]),
    version: text(raw["version"]),
    kind: text(raw["kind"]) || kind,
    verbs: list(raw["verbs"]).map(text),
  };
}

function readColumn(raw: JsonObject): Column {
  const priority = typeof raw["priority"] === "number" ? raw["priority"] : 0;
  return { name: text(raw["name"]), type: text(raw["type"]), format: text(raw["format"]), priority };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
