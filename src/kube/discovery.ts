import { splitApiVersion } from "../objects/index.ts";
import { type Clock, stopwatch } from "./clock.ts";
import { groupVersionPath } from "./paths.ts";
import type { ApiResource } from "./port.ts";

interface ResourceEntry {
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly namespaced?: unknown;
}

/** How long "there is no such kind" is believed; a CRD may arrive at any moment. */
const MISS_MS = 2_000;
/** How long a known kind is believed. */
const HIT_MS = 10 * 60_000;

/**
 * Which resource serves a kind, asked once per group and version.
 *
 * @param read the body of a path, or undefined for 404.
 */
export function discovery(
  read: (path: string) => Promise<unknown>,
  clock: Clock,
): (apiVersion: string, kind: string) => Promise<ApiResource | undefined> {
  const elapsed = stopwatch(clock);
  const known = new Map<string, { readonly atMs: number; readonly kinds: Promise<ReadonlyMap<string, ApiResource>> }>();

  const ask = (apiVersion: string) => {
    const { group, version } = splitApiVersion(apiVersion);
    const kinds = read(groupVersionPath(group, version)).then((body) => kindsOf(body, group, version));
    known.set(apiVersion, { atMs: elapsed(), kinds });
    kinds.catch(() => known.delete(apiVersion));
    return kinds;
  };

  return async (apiVersion, kind) => {
    const entry = known.get(apiVersion);
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : elapsed() - entry.atMs;
    if (entry !== undefined && ageMs < HIT_MS) {
      const found = (await entry.kinds).get(kind);
      if (found !== undefined || ageMs < MISS_MS) return found;
    }
    return (await ask(apiVersion)).get(kind);
  };
}

function kindsOf(body: unknown, group: string, version: string): ReadonlyMap<string, ApiResource> {
  const kinds = new Map<string, ApiResource>();
  const listed = isRecord(body) ? body["resources"] : undefined;
  for (const entry of Array.isArray(listed) ? listed : []) {
    const { name, kind, namespaced } = entry as ResourceEntry;
    if (typeof name !== "string" || typeof kind !== "string" || name.includes("/") || kinds.has(kind)) continue;
    kinds.set(kind, { group, version, plural: name, kind, namespaced: namespaced === true });
  }
  return kinds;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
