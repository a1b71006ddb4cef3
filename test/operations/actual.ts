import type { KubeObject } from "../../src/objects/index.ts";
import { type Live, type Sealed, type Status, same, type World } from "./model.ts";
import type { Key, PoolKey } from "./script.ts";

/** What is known of one SealedSecret and its Secret. */
export interface Track {
  worlds: World[];
  versions: (Sealed | undefined)[];
  generation: number | undefined;
  history: string[];
}

/** What the cluster holds of them. */
export interface Actual {
  readonly secret: KubeObject | undefined;
  readonly sealed: KubeObject | undefined;
}

/** Every set once, the latest last. */
export function distinct(sets: readonly ReadonlySet<PoolKey>[]): ReadonlySet<PoolKey>[] {
  return [...new Map(sets.map((set) => [[...set].sort().join(), set] as const).reverse()).values()].reverse();
}

export function parts(key: Key): { namespace: string; name: string } {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}

export function keyOfObject({ metadata }: KubeObject): Key {
  return `${metadata.namespace}/${metadata.name}`;
}

export function ciphertexts(object: KubeObject | undefined): Record<string, string> {
  return { ...(object?.["spec"] as { encryptedData?: Record<string, string> } | undefined)?.encryptedData };
}

export function liveOf(secret: KubeObject): Live {
  const { labels = {}, annotations = {}, ownerReferences = [] } = secret.metadata;
  return {
    data: (secret["data"] ?? {}) as Record<string, string>,
    labels,
    annotations,
    type: String(secret["type"]),
    immutable: secret["immutable"] === true,
    owner: ownerReferences.find(({ controller }) => controller === true)?.uid,
  };
}

export function fitting(track: Track, actual: Actual | undefined): World[] {
  const live = actual?.secret === undefined ? undefined : liveOf(actual.secret);
  const sealed = actual?.sealed;
  if ((sealed === undefined) !== (track.versions.at(-1) === undefined)) return [];
  return track.worlds.filter((world) => {
    if (live === undefined || world.live === undefined) {
      if (live !== world.live) return false;
    } else if (!same(live, world.live)) {
      return false;
    }
    return sealed === undefined || says(sealed, world.status);
  });
}

/** Whether the status of a SealedSecret is this one, about its newest generation. */
function says(sealed: KubeObject, status: Status | undefined): boolean {
  const actual = sealed["status"] as
    | { observedGeneration?: number; conditions?: { type: string; status: string; message?: string }[] }
    | undefined;
  const [condition] = actual?.conditions ?? [];
  if (condition === undefined || actual?.observedGeneration !== sealed.metadata.generation) return false;
  if (condition.type !== "Synced" || status === undefined) return false;
  const { message = "" } = condition;
  if (status === "synced") return condition.status === "True" && message === "";
  return condition.status === "False" && status.says.every((words) => message.includes(words));
}
