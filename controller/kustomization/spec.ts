import { fieldAt, type InventoryEntry, isRecord, type KubeObject, listAt, textAt } from "../../src/objects/index.ts";
import { resolvePath } from "../../src/tree/index.ts";
import { parseDuration } from "../duration.ts";

/** `namespace/name` of an object of a known kind. */
export interface Reference {
  readonly namespace: string;
  readonly name: string;
}

export interface HealthCheck extends Reference {
  readonly apiVersion: string;
  readonly kind: string;
}

/** A Kustomization's `spec`, with defaults. */
export interface KustomizationSpec {
  readonly intervalMs: number;
  readonly retryIntervalMs: number;
  readonly timeoutMs: number;
  /** Directory in the artifact; undefined when it leads out of it. */
  readonly path: string | undefined;
  readonly prune: boolean;
  readonly deletionPolicy: string;
  readonly source: Reference;
  readonly suspend: boolean;
  readonly decryption:
    | { readonly secretName: string | undefined; readonly serviceAccountName: string | undefined }
    | undefined;
  readonly healthChecks: readonly HealthCheck[];
  readonly wait: boolean;
  readonly dependsOn: readonly Reference[];
  readonly force: boolean;
  readonly serviceAccountName: string | undefined;
}

const FALLBACK_INTERVAL_MS = 60_000;
const MIN_INTERVAL_MS = 1000;
const MIN_TIMEOUT_MS = 30_000;

export function kustomizationSpec(object: KubeObject): KustomizationSpec {
  const spec = object["spec"];
  const own = object.metadata.namespace ?? "";
  const span = (name: string) => parseDuration(textAt(spec, name));
  const intervalMs = Math.max(span("interval") ?? FALLBACK_INTERVAL_MS, MIN_INTERVAL_MS);
  const decrypts = textAt(spec, "decryption", "provider") !== undefined;
  return {
    intervalMs,
    retryIntervalMs: Math.max(span("retryInterval") ?? intervalMs, MIN_INTERVAL_MS),
    timeoutMs: span("timeout") ?? Math.max(intervalMs - MIN_TIMEOUT_MS, MIN_TIMEOUT_MS),
    // An absolute path means the same as a relative one: both are joined below the root.
    path: resolvePath("", (textAt(spec, "path") ?? "").replace(/^\/+/, "")),
    prune: fieldAt(spec, "prune") === true,
    deletionPolicy: textAt(spec, "deletionPolicy") ?? "MirrorPrune",
    source: sourceReference(object),
    suspend: fieldAt(spec, "suspend") === true,
    decryption: decrypts
      ? {
          secretName: textAt(spec, "decryption", "secretRef", "name"),
          serviceAccountName: textAt(spec, "decryption", "serviceAccountName") || undefined,
        }
      : undefined,
    healthChecks: listAt(spec, "healthChecks").map((check) => ({
      apiVersion: textAt(check, "apiVersion") || "apps/v1",
      kind: textAt(check, "kind") ?? "",
      name: textAt(check, "name") ?? "",
      namespace: textAt(check, "namespace") ?? "",
    })),
    wait: fieldAt(spec, "wait") === true,
    dependsOn: dependencies(object),
    force: fieldAt(spec, "force") === true,
    serviceAccountName: textAt(spec, "serviceAccountName") || undefined,
  };

  function dependencies(of: KubeObject): readonly Reference[] {
    return listAt(of["spec"], "dependsOn").map((entry) => ({
      namespace: textAt(entry, "namespace") || own,
      name: textAt(entry, "name") ?? "",
    }));
  }
}

/** The source that an object refers to; its kind is checked elsewhere. */
export function sourceReference(object: KubeObject): Reference {
  return {
    namespace: textAt(object["spec"], "sourceRef", "namespace") || (object.metadata.namespace ?? ""),
    name: textAt(object["spec"], "sourceRef", "name") ?? "",
  };
}

/** The objects that an object depends on, as keys. */
export function dependencyKeys(object: KubeObject): readonly string[] {
  return kustomizationSpec(object).dependsOn.map(({ namespace, name }) => `${namespace}/${name}`);
}

/** `status.inventory.entries`. */
export function inventoryOf(object: KubeObject): readonly InventoryEntry[] {
  return listAt(object, "status", "inventory", "entries").flatMap((entry) => {
    const id = isRecord(entry) ? textAt(entry, "id") : undefined;
    const v = isRecord(entry) ? textAt(entry, "v") : undefined;
    return id === undefined || v === undefined ? [] : [{ id, v }];
  });
}
