/**
 * What an execution gets from outside, and what it may use up.
 *
 * Templates are foreign input: a function that makes much output or loops asks first.
 */
export interface Host {
  /** Name of the time zone that Go calls `Local`, such as `Europe/Berlin`; UTC when absent. */
  readonly timeZone?: string | undefined;
  /** The time now, in nanoseconds since 1970-01-01T00:00:00Z. */
  nowNanoseconds(): bigint;
  /** `count` bytes nobody can guess. */
  randomBytes(count: number): Uint8Array;
  /**
   * Counts bytes that are about to be made; ask before making them.
   *
   * @throws LimitReached
   */
  spend(bytes: number): void;
  /**
   * Counts rounds of a loop (1 unless told).
   *
   * @throws LimitReached
   */
  step(rounds?: number): void;
}
