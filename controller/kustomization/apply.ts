import { ApplyError, applySet, type Change, changeLines, prune } from "../../src/apply/index.ts";
import type { Clock, KubeClient } from "../../src/kube/index.ts";
import {
  type InventoryEntry,
  inventoryEntry,
  type KubeObject,
  mergeEntries,
  objectId,
  staleEntries,
  subjectOf,
} from "../../src/objects/index.ts";
import { errorLines } from "../error-lines.ts";

const FIELD_MANAGER = "kustomize-controller";

export interface ApplyPorts {
  /** With the rights that the manifests are applied with. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly concurrency: number;
  readonly overrideManagers: readonly string[];
  readonly stageKinds: readonly string[];
}

export interface ApplyRequest {
  readonly owner: { readonly name: string; readonly namespace: string };
  readonly objects: readonly KubeObject[];
  readonly before: readonly InventoryEntry[];
  readonly force: boolean;
  readonly prune: boolean;
  readonly hidesErrors: (object: KubeObject) => boolean;
}

export type Applied =
  | { readonly kind: "applied"; readonly changes: readonly Change[]; readonly inventory: readonly InventoryEntry[] }
  /** `inventory` holds what may exist now: nothing that was made is forgotten. */
  | {
      readonly kind: "failed";
      readonly reason: "ReconciliationFailed" | "PruneFailed";
      readonly message: string;
      readonly changes: readonly Change[];
      readonly inventory: readonly InventoryEntry[];
    };

/** Applies a set, then deletes what the inventory has and the set has not. */
export async function applyAndPrune(request: ApplyRequest, ports: ApplyPorts): Promise<Applied> {
  const { owner, objects, before } = request;
  let changes: readonly Change[];
  try {
    changes = await applySet(objects, {
      client: ports.client,
      clock: ports.clock,
      signal: ports.signal,
      owner,
      manager: FIELD_MANAGER,
      overrideManagers: ports.overrideManagers,
      stageKinds: ports.stageKinds,
      concurrency: ports.concurrency,
      force: request.force,
      hidesErrors: request.hidesErrors,
    });
  } catch (error) {
    const done = error instanceof ApplyError ? error.changes : [];
    const inventory = mergeEntries(before, entriesOf(objects, done));
    const message = [errorLines(error), changeLines(done)].filter((part) => part !== "").join("\n");
    return { kind: "failed", reason: "ReconciliationFailed", message, changes: done, inventory };
  }
  const wanted = mergeEntries(objects.map(inventoryEntry));
  const stale = staleEntries(before, wanted);
  if (!request.prune || stale.length === 0) return { kind: "applied", changes, inventory: wanted };
  const pruned = await prune(stale, { client: ports.client, owner, signal: ports.signal });
  const all = [...changes, ...pruned.changes];
  const inventory = mergeEntries(
    wanted,
    pruned.failed.map(({ entry }) => entry),
  );
  if (pruned.failed.length === 0) return { kind: "applied", changes: all, inventory };
  const message = pruned.failed.map(({ why }) => why).join("\n");
  return { kind: "failed", reason: "PruneFailed", message, changes: all, inventory };
}

/** Inventory entries of the objects that `changes` speak of. */
function entriesOf(objects: readonly KubeObject[], changes: readonly Change[]): readonly InventoryEntry[] {
  const done = new Set(changes.map(({ subject }) => subject));
  return objects.filter((object) => done.has(subjectOf(objectId(object)))).map(inventoryEntry);
}
