import { rfc3339 } from "../conditions.ts";
import { type StatusProfile, statusOf } from "../status-profile.ts";

interface SyncedCondition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
}

/**
 * The one condition of SealedSecrets: `Synced`, always first, with the error text as its message and none on success.
 * `lastUpdateTime` moves with every write, `lastTransitionTime` when it flips. Unlike the original's, a message that
 * changed is written too.
 */
export const syncedProfile: StatusProfile = {
  write: "update",

  after(object, { outcome }, nowMs) {
    const before = statusOf(object);
    const conditions = Array.isArray(before["conditions"]) ? (before["conditions"] as readonly SyncedCondition[]) : [];
    const old = conditions.find((condition) => condition?.type === "Synced");
    const status = outcome.kind === "done" ? "True" : "False";
    const message = outcome.kind === "done" ? "" : outcome.message;
    const { generation } = object.metadata;
    const isSame = old?.status === status && (old.message ?? "") === message;
    if (isSame && before["observedGeneration"] === generation && conditions[0] === old) return before;
    const now = rfc3339(nowMs);
    const next: SyncedCondition = {
      type: "Synced",
      status,
      ...(message === "" ? {} : { message }),
      lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? now) : now,
      lastUpdateTime: now,
    };
    return {
      ...before,
      conditions: [next, ...conditions.filter((condition) => condition !== old)],
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  },

  during: () => undefined,
};
