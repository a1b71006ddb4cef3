import type { Outcome } from "./outcome.ts";
import type { ConditionChange } from "./status/conditions.ts";

/** What a pass found out. */
export interface Pass {
  readonly outcome: Outcome;
  /**
   * Fields of `status` to write beside those that follow from the outcome (conditions, observedGeneration,
   * lastHandledReconcileAt). A field that is undefined is removed; one that is absent stays.
   */
  readonly status?: Readonly<Record<string, unknown>>;
  /** Conditions beside Ready, Reconciling and Stalled, e.g. `ArtifactInStorage`. */
  readonly conditions?: readonly ConditionChange[];
  /** Types of conditions to take away. */
  readonly removedConditions?: readonly string[];
  /** Exactly these events; absent: a Warning with the outcome's reason and message when it is stalled or failed. */
  readonly events?: readonly EventNote[];
  /** Worth no line in the log at its usual level. */
  readonly quiet?: boolean;
  /** Write no status: the object is suspended, or its last finalizer is gone. */
  readonly keepStatus?: boolean;
}

export interface EventNote {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
