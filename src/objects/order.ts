import { type KubeObject, objectId } from "./object.ts";

/** Kinds that go first, in this order: what others need to exist. */
const FIRST = [
  "CustomResourceDefinition",
  "Namespace",
  "ClusterRole",
  "ClusterClass",
  "RuntimeClass",
  "PriorityClass",
  "StorageClass",
  "VolumeSnapshotClass",
  "IngressClass",
  "GatewayClass",
  "ClusterRoleBinding",
  "ResourceQuota",
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "ConfigMap",
  "Secret",
  "Service",
  "LimitRange",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "PodDisruptionBudget",
];

/** Kinds that go last: once they are there they may refuse everything else. */
const LAST = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

const RANKS = new Map<string, number>([
  ...FIRST.map((kind, index) => [kind, index] as const),
  ...LAST.map((kind, index) => [kind, FIRST.length + 1 + index] as const),
]);

type Ordered = Pick<ReturnType<typeof objectId>, "group" | "kind" | "namespace" | "name">;

/** The order of applying; deleting uses its reverse. Within one rank by group, kind, namespace and name. */
export function compareForApply(left: Ordered, right: Ordered): number {
  return (
    rank(left.kind) - rank(right.kind) ||
    compare(left.group, right.group) ||
    compare(left.kind, right.kind) ||
    compare(left.namespace, right.namespace) ||
    compare(left.name, right.name)
  );
}

/**
 * Splits objects into the stages of an apply, each sorted: definitions, namespaces and cluster roles; kinds whose name
 * ends in `Class`; the kinds of `extraKinds`; everything else. Empty stages are left out.
 */
export function applyStages<T>(
  items: readonly T[],
  {
    objectOf,
    extraKinds = [],
  }: { readonly objectOf: (item: T) => KubeObject; readonly extraKinds?: readonly string[] },
): readonly { readonly mustBeReady: boolean; readonly items: readonly T[] }[] {
  const stages: T[][] = [[], [], [], []];
  for (const item of items) stages[stageOf(objectOf(item).kind, extraKinds)]?.push(item);
  return stages
    .map((stage, index) => ({
      mustBeReady: index < 2,
      items: stage.sort((left, right) => compareForApply(objectId(objectOf(left)), objectId(objectOf(right)))),
    }))
    .filter((stage) => stage.items.length > 0);
}

function stageOf(kind: string, extraKinds: readonly string[]): number {
  if (kind === "CustomResourceDefinition" || kind === "Namespace" || kind === "ClusterRole") return 0;
  if (kind.endsWith("Class")) return 1;
  return extraKinds.includes(kind) ? 2 : 3;
}

function rank(kind: string): number {
  return RANKS.get(kind) ?? FIRST.length;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
