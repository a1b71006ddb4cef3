import { type Clock, sleep, stopwatch } from "./clock.ts";

/** Waits for its turn; resolves at once when the caller may go. */
export type Throttle = (signal?: AbortSignal) => Promise<void>;

/**
 * A token bucket on the client's side, as client-go has one. `qps` requests a second on average, `burst` at once;
 * a `qps` of 0 or less means no limit.
 */
export function tokenBucket(clock: Clock, options: { readonly qps: number; readonly burst: number }): Throttle {
  const { qps } = options;
  if (qps <= 0) return () => Promise.resolve();
  const burst = Math.max(1, options.burst);
  const costMs = 1000 / qps;
  // Theoretical arrival time of the next request when all tokens are spent.
  let dueMs = Number.NEGATIVE_INFINITY;
  const elapsed = stopwatch(clock);
  return async (signal) => {
    const now = elapsed();
    dueMs = Math.max(dueMs, now - burst * costMs) + costMs;
    const waitMs = dueMs - now;
    if (waitMs > 0) await sleep(clock, waitMs, signal);
  };
}
