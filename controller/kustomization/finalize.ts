import { changeLines, prune } from "../../src/apply/index.ts";
import { type ApiResource, type Clock, isReason, type KubeClient, sleep } from "../../src/kube/index.ts";
import { type InventoryEntry, type KubeObject, parseInventoryId, subjectOf } from "../../src/objects/index.ts";
import { KUSTOMIZATIONS } from "../api/index.ts";
import { removeFinalizer } from "../finalizer.ts";
import type { EventNote, Pass } from "../pass.ts";
import { clientFor } from "./identity.ts";
import { inventoryOf, type KustomizationSpec } from "./spec.ts";

const SERVICE_ACCOUNTS: ApiResource = {
  group: "",
  version: "v1",
  plural: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
};
/**
 * The API's words when we may not act as the account any more, for example because its namespace is going and the binding
 * went first. Waiting would keep the namespace for ever; the API gives the same reason as for every other refusal.
 */
const LOST_ACCOUNT = /cannot impersonate resource "serviceaccounts"/;
const TERMINATION_POLL_MS = 2000;

export interface FinalizePorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** In whose name objects are deleted. */
  readonly account: string | undefined;
}

/** What remains to be done for an object that is being deleted: its objects, as its policy says; then its finalizer. */
export async function finalize(object: KubeObject, spec: KustomizationSpec, ports: FinalizePorts): Promise<Pass> {
  const entries = inventoryOf(object);
  const events: EventNote[] = [];
  if (prunesOnDeletion(spec) && !spec.suspend && entries.length > 0) {
    const problem = await deleteObjects(entries, { object, spec, ports, events });
    if (problem !== undefined) return { outcome: { kind: "failed", reason: "PruneFailed", message: problem } };
  }
  await removeFinalizer(ports.client, KUSTOMIZATIONS, object);
  return { outcome: { kind: "done", reason: "Deleted", message: "" }, keepStatus: true, events };
}

interface Deletion {
  readonly object: KubeObject;
  readonly spec: KustomizationSpec;
  readonly ports: FinalizePorts;
  readonly events: EventNote[];
}

/** Deletes what was applied. Gives what went wrong when it is worth another try; tells of the rest by events. */
async function deleteObjects(
  entries: readonly InventoryEntry[],
  { object, spec, ports, events }: Deletion,
): Promise<string | undefined> {
  const { namespace = "", name = "" } = object.metadata;
  const giveUp = () => {
    events.push({ type: "Warning", reason: "PruneFailed", message: `unable to prune objects: \n${listed(entries)}` });
    return undefined;
  };
  if (ports.account !== undefined && (await isMissing({ namespace, name: ports.account }, ports))) return giveUp();
  const client = clientFor(ports.client, { namespace, name: ports.account });
  const { failed, changes } = await prune(entries, { client, owner: { name, namespace }, signal: ports.signal });
  if (failed.length > 0) {
    if (failed.every(({ why }) => LOST_ACCOUNT.test(why))) return giveUp();
    return `pruning for deleted resource failed: ${failed.map(({ why }) => why).join("\n")}`;
  }
  const deleted = changeLines(changes);
  if (deleted !== "") events.push({ type: "Normal", reason: "ReconciliationSucceeded", message: deleted });
  if (spec.deletionPolicy === "WaitForTermination" && !(await allGone(entries, client, { spec, ports }))) {
    events.push({ type: "Warning", reason: "PruneFailed", message: "failed to wait for resources termination" });
  }
  return undefined;
}

function prunesOnDeletion({ deletionPolicy, prune: prunes }: KustomizationSpec): boolean {
  if (deletionPolicy === "Delete" || deletionPolicy === "WaitForTermination") return true;
  return deletionPolicy === "MirrorPrune" && prunes;
}

/** Whoever may not look is told that it is there: deleting will show. */
async function isMissing(
  key: { namespace: string; name: string },
  { client, signal }: FinalizePorts,
): Promise<boolean> {
  try {
    return (await client.get(SERVICE_ACCOUNTS, key, signal)) === undefined;
  } catch (error) {
    if (isReason(error, "Forbidden")) return false;
    throw error;
  }
}

async function allGone(
  entries: readonly InventoryEntry[],
  client: KubeClient,
  { spec, ports }: { readonly spec: KustomizationSpec; readonly ports: FinalizePorts },
): Promise<boolean> {
  const { clock, signal } = ports;
  const until = clock.now() + spec.timeoutMs;
  let left = [...entries];
  for (let pauseMs = 50; !signal.aborted; pauseMs = Math.min(pauseMs * 2, TERMINATION_POLL_MS)) {
    const still: InventoryEntry[] = [];
    for (const entry of left) if (await exists(entry, client, signal)) still.push(entry);
    if (still.length === 0) return true;
    if (clock.now() >= until) return false;
    left = still;
    await sleep(clock, pauseMs, signal);
  }
  return false;
}

async function exists({ id, v }: InventoryEntry, client: KubeClient, signal: AbortSignal): Promise<boolean> {
  const found = parseInventoryId(id);
  if (found === undefined) return false;
  const resource = await client.resourceFor(found.group === "" ? v : `${found.group}/${v}`, found.kind);
  if (resource === undefined) return false;
  const live = await client.get<KubeObject>(resource, { namespace: found.namespace, name: found.name }, signal);
  return live?.metadata.deletionTimestamp != null;
}

function listed(entries: readonly InventoryEntry[]): string {
  return entries
    .slice(0, 100)
    .flatMap(({ id }) => parseInventoryId(id) ?? [])
    .map(subjectOf)
    .join("\n");
}
