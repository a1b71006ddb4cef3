import type { KubeObject } from "../objects/index.ts";

const GROUP = "kustomize.toolkit.fluxcd.io";

/** What an object's author wants of us, by label or annotation of this name; values in any case. */
type Control = "reconcile" | "ssa" | "force" | "prune";

/** Whether any of the objects (desired, live) carries the control with this value. */
export function hasControl(control: Control, value: string, ...objects: readonly (KubeObject | undefined)[]): boolean {
  const key = `${GROUP}/${control}`;
  return objects.some((object) =>
    [object?.metadata.labels?.[key], object?.metadata.annotations?.[key]].some(
      (found) => typeof found === "string" && found.toLowerCase() === value.toLowerCase(),
    ),
  );
}

/** Who applied an object. */
export interface Owner {
  readonly name: string;
  readonly namespace: string;
}

const NAME_LABEL = `${GROUP}/name`;
const NAMESPACE_LABEL = `${GROUP}/namespace`;

export function ownerLabels({ name, namespace }: Owner): Readonly<Record<string, string>> {
  return { [NAME_LABEL]: name, [NAMESPACE_LABEL]: namespace };
}

/** Only what still carries the owner's labels may be deleted in its name. */
export function isOwnedBy(object: KubeObject, { name, namespace }: Owner): boolean {
  const { labels } = object.metadata;
  return labels?.[NAME_LABEL] === name && labels?.[NAMESPACE_LABEL] === namespace;
}
