import { fields, items, only, type Support, supported } from "../unsupported-fields.ts";

/**
 * What of a Kustomization's `spec` is implemented. Every other field changes what reaches the cluster, or with whose
 * rights: an object that uses one is not touched at all.
 */
export const kustomizationSupport: Support = supportWith(["GitRepository"]);

/** The same with other kinds of sources, for processes that have something that answers for them. */
export function supportWith(sourceKinds: readonly string[]): Support {
  return fields({
    interval: supported,
    retryInterval: supported,
    timeout: supported,
    path: supported,
    prune: supported,
    deletionPolicy: supported,
    sourceRef: fields({ apiVersion: supported, kind: only(...sourceKinds), name: supported, namespace: supported }),
    suspend: supported,
    decryption: fields({ provider: only("sops"), secretRef: supported, serviceAccountName: supported }),
    healthChecks: supported,
    wait: supported,
    dependsOn: items(fields({ name: supported, namespace: supported })),
    force: supported,
    serviceAccountName: supported,
  });
}
