import { backoffMs } from "./backoff.ts";
import { type Clock, sleep } from "./clock.ts";
import { KubeError } from "./errors.ts";

export interface RetryPolicy {
  /** All tries together, the first included. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly capMs: number;
  /** A server that wants a longer pause than this gets an error passed on instead. */
  readonly longestWaitMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { attempts: 5, baseMs: 200, capMs: 5_000, longestWaitMs: 60_000 };

/** For a person who waits at a terminal: the first failure is the answer. */
export const noRetries: RetryPolicy = { ...defaultRetryPolicy, attempts: 1 };

/**
 * Runs `call` until it succeeds or trying again makes no sense.
 *
 * A 429, a refusal that says when to come back, and a connection that never came about are tried again for every
 * call, because nothing was done. A 5xx, a cut or a silence only when the call is `repeatable`: the server may have
 * done the work.
 */
export async function withRetries<T>(
  call: () => Promise<T>,
  options: {
    readonly clock: Clock;
    readonly repeatable: boolean;
    readonly signal?: AbortSignal | undefined;
    readonly policy?: RetryPolicy;
  },
): Promise<T> {
  const policy = options.policy ?? defaultRetryPolicy;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= policy.attempts || isAborted(options.signal)) throw error;
      if (!(error instanceof KubeError) || !worthRetry(error, options.repeatable)) throw error;
      const waitMs = Math.max(error.retryAfterMs ?? 0, backoffMs(attempt, policy, options.clock));
      if (waitMs > policy.longestWaitMs) throw error;
      await sleep(options.clock, waitMs, options.signal);
      if (isAborted(options.signal)) throw error;
    }
  }
}

function worthRetry(error: KubeError, repeatable: boolean): boolean {
  switch (error.code) {
    case "KUBE_UNREACHABLE":
      return true;
    case "KUBE_CUT":
    case "KUBE_TIMEOUT":
      return repeatable;
    case "KUBE_API":
      if (error.status === 429) return true;
      if (error.status === 503 && error.retryAfterMs !== undefined) return true;
      return repeatable && error.status >= 500 && error.status !== 501;
    default:
      return false;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
