import { type ErrorContext, ToolkitError } from "../errors.ts";
import type { Change } from "./change.ts";

export type ApplyErrorCode =
  | "APPLY_ABORTED"
  | "APPLY_BAD_SECRET"
  | "APPLY_DRY_RUN_FAILED"
  | "APPLY_FAILED"
  | "APPLY_KIND_UNKNOWN"
  | "APPLY_NAMESPACE_MISSING"
  | "APPLY_NOT_READY"
  | "APPLY_RECREATE_FAILED";

/**
 * A set of objects cannot be applied. Branch on `code`; `changes` is what was done before it failed.
 *
 * Texts of the API are passed on after the values of the Secret in question were masked in them.
 */
export class ApplyError extends ToolkitError {
  override readonly name = "ApplyError";
  readonly code: ApplyErrorCode;
  readonly changes: readonly Change[];

  constructor(code: ApplyErrorCode, message: string, more: ErrorContext & { changes?: readonly Change[] } = {}) {
    super(message, more);
    this.code = code;
    this.changes = more.changes ?? [];
  }

  /** The same error, with what had been done before. */
  after(changes: readonly Change[]): ApplyError {
    return new ApplyError(this.code, this.message, { details: this.details, hints: this.hints, changes });
  }
}
