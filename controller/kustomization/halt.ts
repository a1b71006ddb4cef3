import type { Outcome } from "../outcome.ts";
import type { ConditionChange } from "../status/conditions.ts";

/** Ends a pass from within one of its stages: what happened, for `report.ts` to tell. */
export class Halt extends Error {
  readonly outcome: Outcome;
  readonly conditions: readonly ConditionChange[];

  constructor(outcome: Outcome, conditions: readonly ConditionChange[] = []) {
    super(outcome.message);
    this.outcome = outcome;
    this.conditions = conditions;
  }
}

export function stalled(reason: string, message: string): Halt {
  return new Halt({ kind: "stalled", reason, message });
}

export function failed(reason: string, message: string, retryAfterMs: number): Halt {
  return new Halt({ kind: "failed", reason, message, retryAfterMs });
}

export function waiting(reason: string, message: string, retryAfterMs: number): Halt {
  return new Halt({ kind: "waiting", reason, message, retryAfterMs });
}
