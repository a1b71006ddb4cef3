import { type ErrorContext, ToolkitError } from "../errors.ts";

/**
 * What can go wrong between us and a Kubernetes API. One row per code in `docs/errors/kube.md`.
 *
 * `KUBE_API` is an answer of the server (look at `status` and `reason`); the others never reached one, or could not
 * read it.
 */
export type KubeErrorCode =
  | "KUBE_API"
  | "KUBE_UNREACHABLE"
  | "KUBE_CUT"
  | "KUBE_TIMEOUT"
  | "KUBE_TLS"
  | "KUBE_ABORTED"
  | "KUBE_PROTOCOL"
  | "KUBE_TOO_LARGE"
  | "KUBE_CONFIG_NONE"
  | "KUBE_CONFIG_UNREADABLE"
  | "KUBE_CONFIG_BROKEN"
  | "KUBE_CONFIG_CONTEXT"
  | "KUBE_CREDENTIALS";

export interface KubeErrorContext extends ErrorContext {
  /** HTTP status; 0 (the default) when there was no answer. */
  readonly status?: number;
  /** The API's machine-readable reason (`Conflict`, `NotFound`, `Invalid`, ...); empty when there was none. */
  readonly reason?: string;
  /** The API's own sentence, or what the Go clients print for the same trouble, without any framing of ours. */
  readonly apiMessage?: string;
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfterMs?: number;
}

/** A call to a Kubernetes API failed, or the way to one could not be found. */
export class KubeError extends ToolkitError {
  override readonly name = "KubeError";
  readonly code: KubeErrorCode;
  readonly status: number;
  readonly reason: string;
  readonly apiMessage: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: KubeErrorCode, message: string, more: KubeErrorContext = {}) {
    super(message, more);
    this.code = code;
    this.status = more.status ?? 0;
    this.reason = more.reason ?? "";
    this.apiMessage = more.apiMessage ?? message;
    this.retryAfterMs = more.retryAfterMs;
  }
}

/** True when `error` is an answer of the API with this reason, e.g. `isReason(error, "Conflict")`. */
export function isReason(error: unknown, reason: string): error is KubeError {
  return error instanceof KubeError && error.reason === reason;
}

/** True when a watch or a list has to start over: the server no longer has that resource version. */
export function isGone(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 410 || error.reason === "Expired" || error.reason === "Gone");
}
