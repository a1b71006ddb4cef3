import { FLUX_GROUPS, type Input, inputsOf, type NotRehearsed, type WantedInput } from "../../src/keys/index.ts";
import type { ApiResource, KubeClient } from "../../src/kube/index.ts";
import { fieldAt, isRecord, type KubeObject, listAt, objectId, subjectOf, textAt } from "../../src/objects/index.ts";
import { compareBytes } from "../../src/yaml/index.ts";
import { DRILL_NAME } from "./bring-in.ts";

/** What a rehearsal leaves open: it is told, so that nobody takes it for proven. */
export interface Surroundings {
  readonly notRehearsed: readonly NotRehearsed[];
  readonly wanted: readonly WantedInput[];
}

/** Kinds whose pods may name Secrets. */
const WORKLOADS = [
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
  ["apps/v1", "DaemonSet"],
  ["batch/v1", "Job"],
  ["batch/v1", "CronJob"],
  ["v1", "Pod"],
] as const;

/** Kinds of Flux that our controllers look after. */
const REHEARSED: readonly string[] = ["Kustomization", "GitRepository"];
const SOURCES = `source${FLUX_GROUPS}`;

/**
 * Looks through the cluster of a rehearsal once everything has settled.
 *
 * @param stoodInFor sources that a folder answered for, as `KIND/NAMESPACE/NAME`
 * @throws {KubeError}
 */
export async function lookAround(client: KubeClient, stoodInFor: ReadonlySet<string>): Promise<Surroundings> {
  const flux = (await objectsOf(client, await fluxResources(client))).toSorted(byName);
  const workloads = await objectsOf(client, await resourcesFor(client, WORKLOADS));
  const own = flux.filter(({ metadata }) => !(metadata.name ?? "").startsWith(DRILL_NAME));
  const present = await presentInputs(client);
  return {
    notRehearsed: own.flatMap((object) => {
      const { namespace = "", name = "" } = object.metadata;
      return stoodInFor.has(`${object.kind}/${namespace}/${name}`) ? [] : notRehearsed(object);
    }),
    wanted: [...own, ...workloads].flatMap((object) =>
      inputsOf(object)
        .filter((input) => !isPresent(input, present))
        .map((input) => ({
          ...input,
          by: `${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name ?? ""}`,
        })),
    ),
  };
}

function notRehearsed(object: KubeObject): readonly NotRehearsed[] {
  const { kind } = object;
  const { namespace = "", name = "" } = object.metadata;
  const why = REHEARSED.includes(kind)
    ? fieldAt(object, "spec", "suspend") === true
      ? "it is suspended in Git"
      : undefined
    : reasonOf(object);
  return why === undefined ? [] : [{ kind, namespace, name, why }];
}

function reasonOf({ kind, apiVersion }: KubeObject): string {
  if (kind === "HelmRelease") return "charts are neither fetched nor rendered: what it makes is not there";
  if (apiVersion.startsWith(SOURCES)) return "nothing is fetched in a rehearsal";
  return "its controller does not run in a rehearsal";
}

function byName(a: KubeObject, b: KubeObject): number {
  return compareBytes(subjectOf(objectId(a)), subjectOf(objectId(b)));
}

/** Every kind of Flux that the cluster knows, whether the repository defines it or a stand-in does. */
async function fluxResources(client: KubeClient): Promise<readonly ApiResource[]> {
  const groups = listAt(await answerOf(client, "/apis"), "groups").filter((group) =>
    (textAt(group, "name") ?? "").endsWith(FLUX_GROUPS),
  );
  const resources: ApiResource[] = [];
  for (const found of groups) {
    const group = textAt(found, "name") ?? "";
    const version = textAt(found, "preferredVersion", "version") ?? "";
    for (const one of listAt(await answerOf(client, `/apis/${group}/${version}`), "resources")) {
      const plural = textAt(one, "name") ?? "";
      const kind = textAt(one, "kind") ?? "";
      if (plural.includes("/")) continue;
      resources.push({ group, version, plural, kind, namespaced: fieldAt(one, "namespaced") === true });
    }
  }
  return resources;
}

async function answerOf(client: KubeClient, path: string): Promise<unknown> {
  const { status, body } = await client.raw({ method: "GET", path });
  return status === 200 ? JSON.parse(new TextDecoder().decode(body)) : undefined;
}

async function resourcesFor(
  client: KubeClient,
  kinds: readonly (readonly [string, string])[],
): Promise<readonly ApiResource[]> {
  const found = await Promise.all(kinds.map(([apiVersion, kind]) => client.resourceFor(apiVersion, kind)));
  return found.flatMap((resource) => resource ?? []);
}

async function objectsOf(client: KubeClient, resources: readonly ApiResource[]): Promise<readonly KubeObject[]> {
  const lists = await Promise.all(
    resources.map(async (resource) => {
      const { items } = await client.list<KubeObject>(resource);
      const { group, version, kind } = resource;
      return items.map((object) => ({ ...object, apiVersion: group === "" ? version : `${group}/${version}`, kind }));
    }),
  );
  return lists.flat();
}

/** Entries of every Secret and ConfigMap, by kind, namespace and name. Names only. */
type Present = ReadonlyMap<string, ReadonlySet<string>>;

async function presentInputs(client: KubeClient): Promise<Present> {
  const kinds = [["v1", "Secret"] as const, ["v1", "ConfigMap"] as const];
  const objects = await objectsOf(client, await resourcesFor(client, kinds));
  return new Map(
    objects.map((object) => {
      const { namespace = "", name = "" } = object.metadata;
      const data = object["data"];
      return [placeOf({ kind: object.kind, namespace, name }), new Set(isRecord(data) ? Object.keys(data) : [])];
    }),
  );
}

function isPresent(input: Input, present: Present): boolean {
  const items = present.get(placeOf(input));
  return items !== undefined && (input.item === undefined || items.has(input.item));
}

function placeOf({
  kind,
  namespace,
  name,
}: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}) {
  return `${kind} ${namespace}/${name}`;
}
