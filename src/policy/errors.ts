import { type ErrorContext, ToolkitError } from "../errors.ts";

export type PolicyErrorCode = "POLICY_BAD_VALUE" | "POLICY_FORBIDS" | "POLICY_UNKNOWN_FIELD" | "POLICY_UNREADABLE";

/** The policy of a repository cannot be used: nothing is decided by a policy that was understood in part. */
export class PolicyError extends ToolkitError {
  override readonly name = "PolicyError";
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
