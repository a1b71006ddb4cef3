import type { KubeObject } from "../../src/objects/index.ts";

/** On the Secret that is there: a SealedSecret may take it over. */
export const MANAGED = "sealedsecrets.bitnami.com/managed";
/** On the Secret that is there: only add to it. */
export const PATCH = "sealedsecrets.bitnami.com/patch";
/** In the template: the Secret gets no owner. */
export const SKIP_OWNER = "sealedsecrets.bitnami.com/skip-set-owner-references";
/** On the SealedSecret, ours: whether changes that others make to its Secret are set back (`true`) or not (`false`). */
export const REVERT_CHANGES = "sealkit.dev/revert-changes";
export const NAMESPACE_WIDE = "sealedsecrets.bitnami.com/namespace-wide";
export const CLUSTER_WIDE = "sealedsecrets.bitnami.com/cluster-wide";

/** Only the word `true` counts. */
export function isOn(object: KubeObject, annotation: string): boolean {
  return object.metadata.annotations?.[annotation] === "true";
}
