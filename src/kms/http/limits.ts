/** How long and how often a service is asked, and how much of an answer is read. */
export interface HttpLimits {
  /** For one try, from the first byte sent to the last byte read. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  /** All tries together, the first included. */
  readonly attempts: number;
  /** The pause before the second try; it doubles with each further one. */
  readonly basePauseMs: number;
  readonly maxPauseMs: number;
  /** A service that wants a longer pause than this gets no further try. */
  readonly longestWaitMs: number;
}

/** For a person who waits: a minute at most until even a service that is down is named. */
export const HTTP_LIMITS: HttpLimits = {
  timeoutMs: 15_000,
  maxAnswerBytes: 1024 * 1024,
  attempts: 4,
  basePauseMs: 200,
  maxPauseMs: 5_000,
  longestWaitMs: 20_000,
};
