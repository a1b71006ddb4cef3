import { type ErrorContext, ToolkitError } from "../../../src/errors.ts";

export type AuditErrorCode = "AUDIT_BAD_CONFIG" | "AUDIT_NO_DRIVER" | "AUDIT_REFUSED" | "AUDIT_UNREACHABLE";

export interface AuditErrorContext extends ErrorContext {
  /** The log line of the original, without connection string. */
  readonly original?: string | undefined;
}

/**
 * What is done cannot be recorded, and so is not done. No field holds a connection string: it may have a password in it.
 */
export class AuditError extends ToolkitError {
  override readonly name = "AuditError";
  readonly code: AuditErrorCode;
  readonly original: string | undefined;

  constructor(code: AuditErrorCode, message: string, more: AuditErrorContext = {}) {
    super(message, more);
    this.code = code;
    this.original = more.original;
  }
}
