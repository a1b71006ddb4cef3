/** Time and chance as a parameter: the real one is `systemClock`, tests turn the hands themselves. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Calls `run` once after `delayMs`; the result cancels it. A pending call does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** Resolves after `delayMs`, or at once when `signal` aborts (it never rejects: look at the signal afterwards). */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = () => {
      cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}

/**
 * Milliseconds that have passed since the call, for spans that must not depend on somebody setting the clock: a step back
 * counts as no time, and a step forward, with `mostStepMs`, as no more than that.
 */
export function stopwatch(
  clock: Clock,
  { mostStepMs = Number.POSITIVE_INFINITY }: { readonly mostStepMs?: number } = {},
): () => number {
  let lastMs = clock.now();
  let elapsedMs = 0;
  return () => {
    const nowMs = clock.now();
    elapsedMs += Math.min(mostStepMs, Math.max(0, nowMs - lastMs));
    lastMs = nowMs;
    return elapsedMs;
  };
}
