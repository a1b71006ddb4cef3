import type { JsonObject } from "../../src/objects/index.ts";
import { parseAccept } from "../http/negotiate.ts";
import { apiVersionOf, type ResourceType } from "../registry/resource-type.ts";
import type { World } from "../world.ts";

/** Groups in the order in which clients should prefer them: the server's own first, custom ones by name after them. */
function groupsOf(types: readonly ResourceType[]): ReadonlyMap<string, readonly ResourceType[]> {
  const groups = new Map<string, ResourceType[]>();
  for (const type of types) groups.set(type.group, [...(groups.get(type.group) ?? []), type]);
  return groups;
}

/** Versions of one group, the preferred one first: stable before beta before alpha, higher before lower. */
function sortVersions(versions: readonly string[]): string[] {
  const rank = (version: string): readonly [number, number, number] => {
    const match = /^v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?$/.exec(version);
    if (match === null) return [0, 0, 0];
    const stage = match[2] === undefined ? 3 : match[2] === "beta" ? 2 : 1;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  return [...new Set(versions)].sort((left, right) => {
    const [a, b] = [rank(left), rank(right)];
    return b[0] - a[0] || b[1] - a[1] || b[2] - a[2] || (left < right ? -1 : 1);
  });
}

/** The answer to a discovery path; undefined when the path is none or names nothing. */
export function discovery(world: World, path: string, accept: string): JsonObject | undefined {
  const types = world.registry.all();
  const wants = aggregatedVersion(accept);
  if (path === "/api") {
    return wants === undefined
      ? apiVersions()
      : aggregated(
          types.filter((type) => type.group === ""),
          wants,
        );
  }
  if (path === "/apis") {
    const named = types.filter((type) => type.group !== "");
    return wants === undefined ? groupList(named) : aggregated(named, wants);
  }
  const match = /^\/api\/([^/]+)$|^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(path);
  if (match === null) return undefined;
  const [, core, group = "", version] = match;
  const own = types.filter((type) => type.group === group);
  if (core !== undefined) return resourceList(own, "", core);
  if (version !== undefined) return resourceList(own, group, version);
  return own.length === 0 ? undefined : { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group, own) };
}

function aggregatedVersion(accept: string): "v2" | "v2beta1" | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== "application/json") continue;
    if (parameters.get("as") === undefined) return undefined;
    const version = parameters.get("v");
    const fits = parameters.get("as") === "APIGroupDiscoveryList" && parameters.get("g") === "apidiscovery.k8s.io";
    if (fits && (version === "v2" || version === "v2beta1")) return version;
  }
  return undefined;
}

const apiVersions = (): JsonObject => ({ kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] });

function groupEntry(name: string, types: readonly ResourceType[]): JsonObject {
  const versions = sortVersions(types.map((type) => type.version)).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function groupList(types: readonly ResourceType[]): JsonObject {
  const groups = [...groupsOf(types)].map(([name, own]) => groupEntry(name, own));
  return { kind: "APIGroupList", apiVersion: "v1", groups };
}

function resourceList(types: readonly ResourceType[], group: string, version: string): JsonObject | undefined {
  const own = types.filter((type) => type.version === version);
  if (own.length === 0) return undefined;
  const resources = own.flatMap((type) => [
    {
      name: type.plural,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: type.verbs,
      ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
      ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    },
    ...[...type.subresources.values()].map((sub) => ({
      name: `${type.plural}/${sub.name}`,
      singularName: "",
      namespaced: type.namespaced,
      ...(sub.group === group && sub.version === version ? {} : { group: sub.group, version: sub.version }),
      kind: sub.kind,
      verbs: sub.verbs,
    })),
  ]);
  const groupVersion = apiVersionOf({ group, version });
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

function aggregated(types: readonly ResourceType[], version: string): JsonObject {
  const items = [...groupsOf(types)].map(([name, own]) => ({
    metadata: name === "" ? {} : { name },
    versions: sortVersions(own.map((type) => type.version)).map((each) => ({
      version: each,
      resources: own.filter((type) => type.version === each).map(aggregatedResource),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

function aggregatedResource(type: ResourceType): JsonObject {
  const subresources = [...type.subresources.values()].map((sub) => ({
    subresource: sub.name,
    responseKind: { group: sub.group, version: sub.version, kind: sub.kind },
    verbs: sub.verbs,
  }));
  return {
    resource: type.plural,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? "Namespaced" : "Cluster",
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}
