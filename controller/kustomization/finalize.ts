import { prune } from "../../src/apply/index.ts";
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
    const { namespace = "", name = "" } = object.metadata;
    if (ports.account !== undefined && (await isMissing({ namespace, name: ports.account }, ports))) {
      events.push({ type: "Warning", reason: "PruneFailed", message: `unable to prune objects: \n${listed(entries)}` });
    } else {
      const client = clientFor(ports.client, { namespace, name: ports.account });
      const result = await prune(entries, { client, owner: { name, namespace }, signal: ports.signal });
      if (result.failed.length > 0) {
        const message = `pruning for deleted resource failed: ${result.failed.map(({ why }) => why).join("\n")}`;
        return { outcome: { kind: "failed", reason: "PruneFailed", message } };
      }
      const deleted = result.changes.filter(({ action }) => action === "deleted");
      if (deleted.length > 0) {
        const message = deleted.map(({ subject }) => `${subject} deleted`).join("\n");
        events.push({ type: "Normal", reason: "ReconciliationSucceeded", message });
      }
      if (spec.deletionPolicy === "WaitForTermination" && !(await allGone(entries, client, { spec, ports }))) {
        events.push({ type: "Warning", reason: "PruneFailed", message: "failed to wait for resources termination" });
      }
    }
  }
  await removeFinalizer(ports.client, KUSTOMIZATIONS, object);
  return { outcome: { kind: "done", reason: "Deleted", message: "" }, keepStatus: true, events };
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
