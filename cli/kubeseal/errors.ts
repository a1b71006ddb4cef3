import { type ErrorContext, ToolkitError } from "../../src/errors.ts";

export type KubesealErrorCode =
  | "KUBESEAL_BAD_INPUT"
  | "KUBESEAL_BAD_OPTION"
  | "KUBESEAL_CERTIFICATE"
  | "KUBESEAL_CLUSTER"
  | "KUBESEAL_EMPTY_DATA"
  | "KUBESEAL_FILE"
  | "KUBESEAL_NAMESPACE"
  | "KUBESEAL_NAME_MISSING"
  | "KUBESEAL_NO_SECRETS"
  | "KUBESEAL_STRICT"
  | "KUBESEAL_UNSEAL";

/**
 * Something that kubeseal refuses. `message` is the text of the original, because scripts match it; `details` and
 * `hints` are ours and stand after it.
 */
export class KubesealError extends ToolkitError {
  override readonly name = "KubesealError";
  readonly code: KubesealErrorCode;

  constructor(code: KubesealErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
