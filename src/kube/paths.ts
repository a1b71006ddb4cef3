import type { ApiResource, ObjectKey } from "./port.ts";

/** `/api/v1` or `/apis/GROUP/VERSION`. */
export function groupVersionPath(group: string, version: string): string {
  return group === "" ? `/api/${segment(version)}` : `/apis/${segment(group)}/${segment(version)}`;
}

/** `group/version` as objects spell it; the core group has no slash. */
export function apiVersionOf(resource: ApiResource): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

export function collectionPath(resource: ApiResource, namespace?: string): string {
  const base = groupVersionPath(resource.group, resource.version);
  const inside = resource.namespaced && namespace !== undefined && namespace !== "";
  return `${base}${inside ? `/namespaces/${segment(namespace)}` : ""}/${segment(resource.plural)}`;
}

export function objectPath(resource: ApiResource, key: ObjectKey, subresource?: string): string {
  const path = `${collectionPath(resource, key.namespace)}/${segment(key.name)}`;
  return subresource === undefined ? path : `${path}/${segment(subresource)}`;
}

/** `?a=1&b=2`, absent values left out; empty when nothing is left. */
export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value));
  const written = search.toString();
  return written === "" ? "" : `?${written}`;
}

/** `Secret apps/db`, for messages. */
export function describe(
  resource: ApiResource,
  key: { readonly namespace?: string | undefined; readonly name?: string },
): string {
  const place = [key.namespace, key.name].filter((part) => part !== undefined && part !== "").join("/");
  return place === "" ? resource.kind : `${resource.kind} ${place}`;
}

/** A name from outside must stay one path segment: `..` and slashes would address another resource. */
function segment(name: string): string {
  if (name === "" || name === "." || name === "..") throw new TypeError(`path segment expected a name, got "${name}"`);
  return encodeURIComponent(name);
}
