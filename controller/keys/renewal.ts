/** When a new key is wanted. Times and spans in milliseconds. */
export interface RenewalPolicy {
  /** A new key this long after the newest; 0 or less: never by age. */
  readonly periodMs: number;
  /** At start, a newest key that is older than this moment is renewed at once. */
  readonly cutoffMs?: number | undefined;
}

/**
 * The moment at which a key has to be made, or undefined when none is planned.
 *
 * @param newestMs ordering time of the newest key; undefined when there is no key at all.
 * @param isStart whether this is the first look of the process, when the cutoff counts.
 */
export function renewalDue(
  newestMs: number | undefined,
  policy: RenewalPolicy,
  { nowMs, isStart }: { readonly nowMs: number; readonly isStart: boolean },
): number | undefined {
  if (newestMs === undefined) return nowMs;
  if (isStart && policy.cutoffMs !== undefined && newestMs < policy.cutoffMs) return nowMs;
  return policy.periodMs > 0 ? Math.max(nowMs, newestMs + policy.periodMs) : undefined;
}
