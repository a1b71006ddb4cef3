import type { KubeObject } from "../../src/objects/index.ts";

/** A condition as `metav1.Condition` has it. Times are RFC 3339 in whole seconds. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

/** A condition to be set: the rest follows from what was there. */
export interface ConditionChange {
  readonly type: string;
  readonly status: Condition["status"];
  readonly reason: string;
  readonly message: string;
}

/**
 * The conditions after a change: an existing one keeps its place, and its transition time while its status stays.
 * Conditions of types that are not named stay as they are.
 */
export function withConditions(
  before: readonly Condition[],
  changes: {
    readonly set: readonly ConditionChange[];
    readonly removed?: readonly string[];
    readonly generation?: number | undefined;
    readonly nowMs: number;
  },
): readonly Condition[] {
  const removed = new Set(changes.removed ?? []);
  const result = before.filter((condition) => !removed.has(condition.type));
  for (const change of changes.set) {
    const at = result.findIndex((condition) => condition.type === change.type);
    const old = result[at];
    const lastTransitionTime = old?.status === change.status ? old.lastTransitionTime : rfc3339(changes.nowMs);
    const generation = changes.generation === undefined ? {} : { observedGeneration: changes.generation };
    const next: Condition = { ...change, ...generation, lastTransitionTime };
    if (at < 0) result.push(next);
    else result[at] = next;
  }
  return result;
}

export function findCondition(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** The conditions of an object as it was read; what is no condition is left out. */
export function conditionsOf(object: KubeObject): readonly Condition[] {
  const { status } = object;
  const listed =
    typeof status === "object" && status !== null && "conditions" in status ? status.conditions : undefined;
  return Array.isArray(listed) ? listed.filter(isCondition) : [];
}

/** Time as Kubernetes writes it: UTC, whole seconds. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function isCondition(value: unknown): value is Condition {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
