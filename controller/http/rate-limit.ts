import { type Clock, stopwatch } from "../../src/kube/index.ts";

export interface RateLimitOptions {
  /** Requests a second in the long run. Above 0. */
  readonly rate: number;
  /** Requests at once beyond the first. */
  readonly burst: number;
  readonly clock: Clock;
}

export interface Verdict {
  readonly allowed: boolean;
  /** The headers that say so, spelled as the original spells them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Callers that are remembered; the one that was silent longest is forgotten first. */
const REMEMBERED = 65_536;
/** A caller's name comes from a header; more of it than this is of no use. */
const NAME_CHARS = 256;

/**
 * The generic cell rate algorithm: each caller has a theoretical arrival time, the moment at which all that was let
 * through would have been spread evenly. A request may come early by the burst.
 *
 * Source: ITU-T I.371, in the virtual scheduling form.
 */
export function rateLimiter({ rate, burst, clock }: RateLimitOptions): (caller: string) => Verdict {
  const intervalMs = 1000 / rate;
  const limit = burst + 1;
  const toleranceMs = intervalMs * limit;
  const elapsed = stopwatch(clock);
  const arrivals = new Map<string, number>();

  return (caller) => {
    const name = caller.slice(0, NAME_CHARS);
    const now = elapsed();
    const arrival = Math.max(now, arrivals.get(name) ?? now);
    const next = arrival + intervalMs;
    const waitMs = next - toleranceMs - now;
    const allowed = waitMs <= 0;
    const spent = allowed ? next : arrival;
    arrivals.delete(name);
    arrivals.set(name, spent);
    if (arrivals.size > REMEMBERED) arrivals.delete(arrivals.keys().next().value ?? name);
    const remaining = Math.max(0, Math.floor((toleranceMs - (spent - now)) / intervalMs));
    return {
      allowed,
      headers: {
        "X-Ratelimit-Limit": String(limit),
        "X-Ratelimit-Remaining": String(remaining),
        "X-Ratelimit-Reset": seconds(spent - now),
        ...(allowed ? {} : { "Retry-After": seconds(waitMs) }),
      },
    };
  };
}

function seconds(ms: number): string {
  return String(Math.max(0, Math.ceil(ms / 1000)));
}
