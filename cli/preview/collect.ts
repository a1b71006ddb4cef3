import { type KubeClient, sleep, systemClock } from "../../src/kube/index.ts";
import { type KubeObject, listAt, type ObjectId, parseInventoryId, textAt } from "../../src/objects/index.ts";
import { SYNC_NAMESPACE } from "../sandbox/whole-cluster.ts";
import { conditionOf, KUSTOMIZATIONS, PREVIEW_NAME } from "./bring-in.ts";

export interface Collected {
  /** What the cluster holds because of the repository, in the order in which it was applied. */
  readonly objects: readonly KubeObject[];
  /** `namespace/name: why` of SealedSecrets that were not opened. */
  readonly unopened: readonly string[];
  /** What the controllers warned of on the way, such as links that lead out of the repository. */
  readonly warnings: readonly string[];
}

const EVENTS = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true } as const;

/** Reasons of warnings that do not stop anything, so that nothing else tells them. */
const TOLD: readonly string[] = ["LinksLeftOut"];

/** Reads back everything that the repository brought: what was applied, and the Secrets of its SealedSecrets. */
export async function collect(
  client: KubeClient,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Collected> {
  const root = await client.get<KubeObject>(KUSTOMIZATIONS, { namespace: SYNC_NAMESPACE, name: PREVIEW_NAME });
  const objects: KubeObject[] = [];
  const unopened: string[] = [];
  const deadline = systemClock.now() + timeoutMs;
  for (const entry of listAt(root, "status", "inventory", "entries")) {
    const id = parseInventoryId(textAt(entry, "id") ?? "");
    if (id === undefined) continue;
    const object = await read(client, id, textAt(entry, "v") ?? "v1");
    if (object === undefined) continue;
    objects.push(object);
    if (object.kind !== "SealedSecret") continue;
    const settled = await settle(client, id, { deadline, signal });
    if (settled === undefined) {
      const secret = await read(client, { ...id, group: "", kind: "Secret" }, "v1");
      if (secret !== undefined) objects.push(secret);
    } else unopened.push(`${id.namespace}/${id.name}: ${settled}`);
  }
  const events = await client.list<KubeObject>(EVENTS, { namespace: SYNC_NAMESPACE });
  const warnings = events.items
    .filter((event) => TOLD.includes(textAt(event, "reason") ?? ""))
    .map((event) => textAt(event, "message") ?? "");
  return { objects, unopened, warnings };
}

async function read(client: KubeClient, id: ObjectId, version: string): Promise<KubeObject | undefined> {
  const apiVersion = id.group === "" ? version : `${id.group}/${version}`;
  const resource = await client.resourceFor(apiVersion, id.kind);
  return resource === undefined ? undefined : await client.get<KubeObject>(resource, id);
}

const POLL_MS = 50;

/** Waits until the controller has worked on a SealedSecret. Undefined when it is open, otherwise why not. */
async function settle(
  client: KubeClient,
  id: ObjectId,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<string | undefined> {
  for (;;) {
    const object = await read(client, id, "v1alpha1");
    const condition = object === undefined ? undefined : conditionOf(object, "Synced");
    if (condition?.status === "True") return undefined;
    if (condition?.status === "False") return condition.message;
    if (systemClock.now() > deadline) return "the controller did not look at it in time";
    await sleep(systemClock, POLL_MS, signal);
    signal.throwIfAborted();
  }
}

const OF_THE_SERVER = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];
const OF_THE_SYNC = ["kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace"];

/** An object as a person wants to see it: without what the server and the sync engine put in. */
export function tidy({ status: _, ...object }: KubeObject & { status?: unknown }): KubeObject {
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([name]) => !OF_THE_SERVER.includes(name)),
  );
  const labels = Object.entries(object.metadata.labels ?? {}).filter(([name]) => !OF_THE_SYNC.includes(name));
  delete metadata["labels"];
  if (labels.length > 0) metadata["labels"] = Object.fromEntries(labels);
  const owners = (object.metadata.ownerReferences ?? []).map(({ uid: __, ...owner }) => owner);
  if (owners.length > 0) metadata["ownerReferences"] = owners;
  return { ...object, apiVersion: object.apiVersion, kind: object.kind, metadata };
}
