import { rfc3339 } from "../status/conditions.ts";
import { type StatusProfile, statusOf, withFields } from "../status/profile.ts";

interface SyncedCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
}

/**
 * The one condition of SealedSecrets: `Synced`, always first. On success it has neither reason nor message, as the
 * original writes it; else the error text is its message. `lastUpdateTime` moves when something about it is new,
 * `lastTransitionTime` when it flips. Unlike the original's, a message that changed is written too, and a reason.
 */
export const syncedProfile: StatusProfile = {
  write: "update",

  after(object, { outcome, status: fields = {} }, nowMs) {
    const before = withFields(statusOf(object), fields);
    const conditions = Array.isArray(before["conditions"]) ? (before["conditions"] as readonly SyncedCondition[]) : [];
    const old = conditions.find((condition) => condition?.type === "Synced");
    const status = outcome.kind === "done" ? "True" : "False";
    const message = outcome.kind === "done" ? "" : outcome.message;
    const reason = outcome.kind === "done" ? "" : outcome.reason;
    const { generation } = object.metadata;
    const isSame = old?.status === status && (old.message ?? "") === message && (old.reason ?? "") === reason;
    if (isSame && before["observedGeneration"] === generation && conditions[0] === old) return before;
    const now = rfc3339(nowMs);
    const next: SyncedCondition = {
      type: "Synced",
      status,
      ...(reason === "" ? {} : { reason }),
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
