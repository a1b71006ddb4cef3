import type { Clock } from "./clock.ts";

export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * The pause before try number `attempt` (1 is the first retry): doubles from `baseMs` up to `capMs`, and half of it is
 * random so that many clients that fail together do not come back together.
 */
export function backoffMs(attempt: number, { baseMs, capMs }: BackoffOptions, clock: Clock): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * clock.random();
}
