/**
 * How one pass over one object ended. `controller/report.ts` is the only place that turns an outcome into conditions,
 * events, metrics, a log line and the next requeue.
 */
export type Outcome =
  /** The desired state is reached; look again after `requeueAfterMs` (absent: only when something changes). */
  | { readonly kind: "done"; readonly reason: string; readonly message: string; readonly requeueAfterMs?: number }
  /** Something that others will provide is missing; no back-off, look again after `retryAfterMs`. */
  | { readonly kind: "waiting"; readonly reason: string; readonly message: string; readonly retryAfterMs: number }
  /** Only a change of the object can help: no retry. */
  | { readonly kind: "stalled"; readonly reason: string; readonly message: string }
  /** It went wrong and may pass: retried with back-off, or after `retryAfterMs` when the object says so. */
  | { readonly kind: "failed"; readonly reason: string; readonly message: string; readonly retryAfterMs?: number };
