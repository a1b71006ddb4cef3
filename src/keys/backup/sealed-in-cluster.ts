import type { KubeClient } from "../../kube/index.ts";
import { KubeError } from "../../kube/index.ts";
import { fieldAt, type KubeObject } from "../../objects/index.ts";
import { DEPLOYMENTS, NAMESPACES, SEALED_SECRETS } from "../resources.ts";

/** The SealedSecrets of a cluster, for a backup. */
export interface SealedInCluster {
  readonly counted: number;
  /** Those that nothing seems to bring back. */
  readonly held: readonly KubeObject[];
}

export interface SealedInClusterOptions {
  /** `unmanaged`: those that no tool that syncs from Git put there, and that are not in `known`. */
  readonly hold: "unmanaged" | "all" | "none";
  /** What is in the repositories, as `namespace/name`. */
  readonly known?: ReadonlySet<string> | undefined;
}

/** Counts the SealedSecrets of a cluster and picks those that belong into a backup. @throws {KubeError} */
export async function sealedInCluster(client: KubeClient, options: SealedInClusterOptions): Promise<SealedInCluster> {
  const isServed = (await client.resourceFor("bitnami.com/v1alpha1", "SealedSecret")) !== undefined;
  const { items } = isServed ? await client.list<KubeObject>(SEALED_SECRETS) : { items: [] };
  return { counted: items.length, held: items.filter((sealed) => isHeld(sealed, options)) };
}

function isHeld(sealed: KubeObject, { hold, known }: SealedInClusterOptions): boolean {
  if (hold !== "unmanaged") return hold === "all";
  const { namespace = "", name = "" } = sealed.metadata;
  return !isManaged(sealed) && known?.has(`${namespace}/${name}`) !== true;
}

/** Marks that say without doubt that a tool brings an object back. Source: what Flux, Helm and Argo CD put on objects. */
const MANAGED_BY: readonly (readonly ["labels" | "annotations", string, string])[] = [
  ["labels", "kustomize.toolkit.fluxcd.io/name", "a Kustomization"],
  ["labels", "helm.toolkit.fluxcd.io/name", "a HelmRelease"],
  ["annotations", "meta.helm.sh/release-name", "Helm"],
  ["annotations", "argocd.argoproj.io/tracking-id", "Argo CD"],
];

function isManaged(object: KubeObject): boolean {
  return managerOf(object) !== undefined;
}

/** Which tool brings an object back from its source when it is changed, in words; undefined for none that is known. */
export function managerOf({ metadata }: KubeObject): string | undefined {
  return MANAGED_BY.find(([where, name]) => typeof metadata[where]?.[name] === "string")?.[2];
}

/** What tells a cluster from another, and its controller; `""` for what may not be read. */
export interface ClusterName {
  readonly cluster: string;
  readonly controller: string;
}

/** @throws {KubeError} but not for missing rights: a backup does without. */
export async function clusterName(
  client: KubeClient,
  deployment: { readonly namespace: string; readonly name: string },
): Promise<ClusterName> {
  const system = await readable(client.get<KubeObject>(NAMESPACES, { name: "kube-system" }));
  const controller = await readable(client.get<KubeObject>(DEPLOYMENTS, deployment));
  return { cluster: system?.metadata.uid ?? "", controller: imageOf(controller) };
}

async function readable<T>(reading: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (cause) {
    if (cause instanceof KubeError && cause.status === 403) return undefined;
    throw cause;
  }
}

function imageOf(deployment: KubeObject | undefined): string {
  const containers = fieldAt(deployment, "spec", "template", "spec", "containers");
  const first: unknown = Array.isArray(containers) ? containers[0] : undefined;
  const image = fieldAt(first, "image");
  return typeof image === "string" ? image : "";
}
