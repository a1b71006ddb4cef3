/**
 * What a template function or method throws to fail: the text of the Go `error` that it would return.
 *
 * The evaluator wraps it (`error calling NAME: TEXT`). The text may hold arguments, so it never reaches a safe message.
 */
export class GoError extends Error {}

/** The bounds of one execution; see `limits.ts` for their defaults. */
export type LimitName = "steps" | "bytes" | "depth";

/** What {@link Host.spend} and {@link Host.step} throw when a bound of the execution is reached. */
export class LimitReached extends Error {
  readonly limit: LimitName;

  constructor(limit: LimitName) {
    super(`the limit of ${limit} is reached`);
    this.limit = limit;
  }
}
