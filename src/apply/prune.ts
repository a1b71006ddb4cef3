import { type KubeClient, KubeError } from "../kube/index.ts";
import { compareForApply, type InventoryEntry, type ObjectId, parseInventoryId, subjectOf } from "../objects/index.ts";
import type { Change } from "./change.ts";
import { hasControl, isOwnedBy, type Owner } from "./controls.ts";

export interface PruneOptions {
  readonly client: KubeClient;
  readonly owner: Owner;
  readonly signal?: AbortSignal | undefined;
}

export interface PruneResult {
  readonly changes: readonly Change[];
  /** What the API refused to delete, or could not be asked about: to be tried again. */
  readonly failed: readonly { readonly entry: InventoryEntry; readonly why: string }[];
}

/**
 * Deletes objects of an inventory, in the reverse order of applying: only those that still carry the owner's labels and
 * do not ask to be left alone. Goes on after a failure.
 */
export async function prune(entries: readonly InventoryEntry[], options: PruneOptions): Promise<PruneResult> {
  const changes: Change[] = [];
  const failures: { entry: InventoryEntry; why: string }[] = [];
  const found = entries
    .flatMap((entry) => {
      const id = parseInventoryId(entry.id);
      return id === undefined ? [] : [{ entry, id }];
    })
    .sort((left, right) => compareForApply(right.id, left.id));
  for (const { entry, id } of found) {
    try {
      const action = await pruneOne(entry, id, options);
      if (action !== undefined) changes.push({ subject: subjectOf(id), action });
    } catch (error) {
      const why =
        error instanceof KubeError ? error.apiMessage : error instanceof Error ? error.message : String(error);
      failures.push({ entry, why: `${subjectOf(id)} delete failed: ${why}` });
    }
  }
  return { changes, failed: failures };
}

async function pruneOne(
  entry: InventoryEntry,
  id: ObjectId,
  options: PruneOptions,
): Promise<"deleted" | "skipped" | undefined> {
  const { client, owner, signal } = options;
  const resource = await client.resourceFor(id.group === "" ? entry.v : `${id.group}/${entry.v}`, id.kind);
  if (resource === undefined) return undefined;
  const key = { namespace: id.namespace, name: id.name };
  const live = await client.get(resource, key, signal);
  if (live === undefined || live.metadata.deletionTimestamp != null) return undefined;
  const keeps =
    hasControl("prune", "disabled", live) ||
    hasControl("reconcile", "disabled", live) ||
    hasControl("ssa", "Ignore", live);
  if (keeps || !isOwnedBy(live, owner)) return "skipped";
  // Same-named successors of another owner must not die for it.
  const deleted = await client.delete(resource, key, { propagation: "Background", uid: live.metadata.uid, signal });
  return deleted ? "deleted" : undefined;
}
