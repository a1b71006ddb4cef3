import type { Registry } from "../registry/registry.ts";
import type { Target } from "../world.ts";

/** A path that leads to a resource, taken apart but not yet looked up. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** What follows the subresource, for the service proxy; begins with a slash. */
  readonly rest: string;
}

/** Subresources of a namespace itself: anything else below `/namespaces/NAME/` is a resource in it. */
const OF_NAMESPACES = new Set(["status", "finalize"]);

/** Takes a resource path apart; undefined for everything else (`/healthz`, `/apis`, ...). */
export function parsePath(path: string): ResourcePath | undefined {
  const parts = path.split("/").slice(1).map(decode);
  const root = parts[0];
  if (root !== "api" && root !== "apis") return undefined;
  const group = root === "api" ? "" : (parts[1] ?? "");
  const [version = "", ...after] = parts.slice(root === "api" ? 1 : 2);
  if (version === "" || after.length === 0 || after[0] === "") return undefined;
  const inNamespace =
    after[0] === "namespaces" && after.length > 2 && !(after.length === 3 && OF_NAMESPACES.has(after[2] ?? ""));
  const [plural = "", name, subresource, ...rest] = inNamespace ? after.slice(2) : after;
  return {
    group,
    version,
    plural,
    namespace: inNamespace ? after[1] : undefined,
    name: name === "" ? undefined : name,
    subresource: subresource === "" ? undefined : subresource,
    rest: `/${rest.map(encodeURIComponent).join("/")}`,
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The registered resource behind a path; undefined when nothing is served there. */
export function resolvePath(path: ResourcePath, registry: Registry): Target | undefined {
  const type = registry.find(path.group, path.version, path.plural);
  if (type === undefined) return undefined;
  if (path.namespace !== undefined && !type.namespaced) return undefined;
  if (path.namespace === undefined && type.namespaced && path.name !== undefined) return undefined;
  const { namespace, name, subresource } = path;
  return { type, namespace, name, subresource };
}
