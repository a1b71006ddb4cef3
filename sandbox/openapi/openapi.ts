import { createHash } from "node:crypto";
import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import type { PlainAnswer } from "../http/plain-answer.ts";
import { at } from "../object.ts";
import { apiVersionOf, type ResourceType } from "../registry/resource-type.ts";
import { notAcceptable } from "../status.ts";
import type { World } from "../world.ts";
import { customDefinition, definitionName } from "./custom.ts";
import { operationsOf } from "./paths.ts";

const REFERENCE = "#/components/schemas/";

/** OpenAPI v3, one document per group and version, and v2 as one document. Without prose: structure only. */
export function openApi(world: World, path: string, accept: string): PlainAnswer | undefined {
  if (path === "/openapi/v2") {
    if (accept.includes("proto-openapi") && !/json|\*\/\*/.test(accept)) throw notAcceptable(["application/json"]);
    return answer(documentV2(world));
  }
  if (path === "/openapi/v3") return answer(index(world));
  const match = /^\/openapi\/v3\/(api\/v1|apis\/([^/]+)\/([^/]+))$/.exec(path);
  if (match === null) return undefined;
  const [, , group = "", version = "v1"] = match;
  const types = world.registry.all().filter((type) => type.group === group && type.version === version);
  return types.length === 0 ? undefined : answer(documentV3(world, types));
}

const answer = (document: JsonObject): PlainAnswer => ({
  status: 200,
  contentType: "application/json",
  body: JSON.stringify(document),
});

function index(world: World): JsonObject {
  const versions = new Map<string, ResourceType>();
  for (const type of world.registry.all()) {
    versions.set(type.group === "" ? `api/${type.version}` : `apis/${apiVersionOf(type)}`, type);
  }
  const paths = [...versions.keys()].sort().map((name) => {
    const hash = createHash("sha256")
      .update(`${name} ${world.registry.revision}`)
      .digest("hex")
      .slice(0, 32)
      .toUpperCase();
    return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(paths) };
}

function documentV3(world: World, types: readonly ResourceType[]): JsonObject {
  const schemas = definitionsFor(world, types);
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: String(world.builtin.version["gitVersion"] ?? "") },
    paths: Object.assign({}, ...types.map((type) => operationsOf(type, definitionName(type)))),
    components: { schemas: withReferences(schemas, REFERENCE, true) },
  };
}

function documentV2(world: World): JsonObject {
  const types = world.registry.all();
  const custom = Object.fromEntries(
    types.filter((type) => type.custom !== undefined).map((type) => [definitionName(type), customDefinition(type)]),
  );
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: String(world.builtin.version["gitVersion"] ?? "") },
    paths: Object.assign({}, ...types.map((type) => operationsOf(type, definitionName(type)))),
    definitions: withReferences({ ...world.builtin.definitions, ...custom }, "#/definitions/", false),
  };
}

/** The definitions of these resources and everything that they refer to. */
function definitionsFor(world: World, types: readonly ResourceType[]): JsonObject {
  const found: JsonObject = {};
  const pending: string[] = [];
  const want = (name: string) => {
    if (Object.hasOwn(found, name)) return;
    found[name] = at(world.builtin.definitions, name);
    pending.push(name);
  };
  for (const type of types) {
    if (type.custom === undefined) {
      if (type.definition !== undefined) want(type.definition);
    } else {
      found[definitionName(type)] = customDefinition(type);
      want("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    }
    for (const sub of type.subresources.values()) {
      const definition = world.registry.findKind(sub.group, sub.version, sub.kind)?.definition;
      if (definition !== undefined) want(definition);
    }
  }
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) references(found[name], want);
  return found;
}

function references(value: unknown, want: (name: string) => void): void {
  if (Array.isArray(value)) for (const item of value) references(item, want);
  else if (isJsonObject(value)) {
    for (const [key, child] of Object.entries(value)) {
      if (key === "$ref" && typeof child === "string") want(child);
      else references(child, want);
    }
  }
}

/** Bare names become references; in v3 a reference with siblings has to sit in `allOf`. */
function withReferences(value: unknown, prefix: string, wrap: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => withReferences(item, prefix, wrap));
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    if (key === "x-struct") copy["default"] = {};
    else if (key === "$ref" && typeof child === "string") {
      const reference = `${prefix}${child}`;
      if (wrap && Object.keys(value).length > 1) copy["allOf"] = [{ $ref: reference }];
      else copy["$ref"] = reference;
    } else {
      copy[key] = withReferences(child, prefix, wrap);
    }
  }
  return copy;
}
