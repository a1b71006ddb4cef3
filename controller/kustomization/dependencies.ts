import type { KubeClient, ReadStore } from "../../src/kube/index.ts";
import { type KubeObject, numberAt, textAt } from "../../src/objects/index.ts";
import { KUSTOMIZATIONS } from "../api/index.ts";
import { conditionsOf, findCondition } from "../status/conditions.ts";
import { dependencyKeys, type Reference, sourceReference } from "./spec.ts";

/** Objects followed in the search for a circle; a graph that is larger waits as it would without the search. */
const MAX_FOLLOWED = 5000;

/**
 * Why the dependencies of `object` are not met; undefined when they are. Read fresh: a cache that lags would let it go
 * ahead of what it depends on.
 */
export async function unmetDependency(
  object: KubeObject,
  dependsOn: readonly Reference[],
  ports: { readonly client: KubeClient; readonly revision: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  for (const { namespace, name } of dependsOn) {
    const dependency = await ports.client.get<KubeObject>(KUSTOMIZATIONS, { namespace, name }, ports.signal);
    const key = `${namespace}/${name}`;
    if (dependency === undefined) {
      return `dependency '${key}' not found: kustomizations.kustomize.toolkit.fluxcd.io "${name}" not found`;
    }
    const problem = notReady(dependency, object, ports.revision);
    if (problem !== undefined) return `dependency '${key}' ${problem}`;
  }
  return undefined;
}

function notReady(dependency: KubeObject, dependent: KubeObject, revision: string): string | undefined {
  const observed = numberAt(dependency, "status", "observedGeneration");
  const ready = findCondition(conditionsOf(dependency), "Ready");
  if (observed !== dependency.metadata.generation || ready?.status !== "True") return "is not ready";
  const [theirs, ours] = [sourceReference(dependency), sourceReference(dependent)];
  const sameSource = theirs.namespace === ours.namespace && theirs.name === ours.name;
  if (sameSource && textAt(dependency, "status", "lastAppliedRevision") !== revision)
    return "revision is not up to date";
  return undefined;
}

/** The way from an object over its dependencies back to itself, as keys; undefined when there is none. */
export function dependencyCircle(
  key: string,
  dependsOn: readonly Reference[],
  objects: ReadStore<KubeObject>,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open = dependsOn.map(({ namespace, name }) => `${namespace}/${name}`);
  for (const next of open) cameFrom.set(next, key);
  for (const at of open) {
    if (at === key) return trail(key, cameFrom);
    if (cameFrom.size > MAX_FOLLOWED) return undefined;
    const dependency = objects.get(at);
    for (const next of dependency === undefined ? [] : dependencyKeys(dependency)) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      open.push(next);
    }
  }
  return undefined;
}

function trail(key: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const way = [key];
  for (let at = cameFrom.get(key); at !== undefined && at !== key; at = cameFrom.get(at)) way.unshift(at);
  return [key, ...way];
}
