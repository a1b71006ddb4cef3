import type { KubeObject } from "../../src/objects/index.ts";
import type { Outcome } from "../outcome.ts";
import type { Pass } from "../pass.ts";
import { conditionsOf, findCondition, withConditions } from "./conditions.ts";

/** Annotation by which a person asks for a pass now; its value comes back in `status.lastHandledReconcileAt`. */
export const REQUESTED_AT = "reconcile.fluxcd.io/requestedAt";

/** How one family of kinds shows an outcome in `status`. Pure; both give the whole new status. */
export interface StatusProfile {
  /** `update` is PUT (what the rights of the Sealed Secrets controller allow), `patch` a merge patch. */
  readonly write: "update" | "patch";
  after(object: KubeObject, pass: Pass, nowMs: number): Readonly<Record<string, unknown>>;
  /** The status while a pass runs; undefined where the family shows nothing. */
  during(
    object: KubeObject,
    note: { readonly reason: string; readonly message: string },
    nowMs: number,
  ): Readonly<Record<string, unknown>> | undefined;
}

/** Ready, Reconciling and Stalled as the Flux kinds have them (and kstatus reads them). */
export const readyProfile: StatusProfile = {
  write: "patch",

  after(object, pass, nowMs) {
    const { outcome } = pass;
    const { generation } = object.metadata;
    const requestedAt = object.metadata.annotations?.[REQUESTED_AT];
    const settled = outcome.kind === "done" || outcome.kind === "stalled";
    return {
      ...withFields(statusOf(object), pass.status ?? {}),
      conditions: withConditions(conditionsOf(object), {
        set: [...main(outcome), ...(pass.conditions ?? [])],
        removed: [
          ...(settled ? ["Reconciling"] : []),
          ...(outcome.kind === "stalled" ? [] : ["Stalled"]),
          ...(pass.removedConditions ?? []),
        ],
        generation,
        nowMs,
      }),
      ...(settled && generation !== undefined ? { observedGeneration: generation } : {}),
      ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt }),
    };
  },

  during(object, { reason, message }, nowMs) {
    const before = conditionsOf(object);
    const ready = findCondition(before, "Ready");
    const unknown = { type: "Ready", status: "Unknown", reason, message } as const;
    return {
      ...statusOf(object),
      conditions: withConditions(before, {
        set: [
          { type: "Reconciling", status: "True", reason, message },
          ...(ready?.observedGeneration === object.metadata.generation ? [] : [unknown]),
        ],
        removed: ["Stalled"],
        generation: object.metadata.generation,
        nowMs,
      }),
    };
  },
};

function main(outcome: Outcome) {
  const { reason, message } = outcome;
  if (outcome.kind === "done") return [{ type: "Ready", status: "True", reason, message } as const];
  const notReady = { type: "Ready", status: "False", reason, message } as const;
  if (outcome.kind === "stalled") return [{ type: "Stalled", status: "True", reason, message } as const, notReady];
  return [{ type: "Reconciling", status: "True", reason: "ProgressingWithRetry", message } as const, notReady];
}

/** `status` of an object as a record; empty when it has none. */
export function statusOf(object: KubeObject): Readonly<Record<string, unknown>> {
  const status = object["status"];
  return typeof status === "object" && status !== null ? (status as Readonly<Record<string, unknown>>) : {};
}

/** A status with some fields set; one that is undefined is taken away. */
export function withFields(
  before: Readonly<Record<string, unknown>>,
  changes: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const all = { ...before, ...changes };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
