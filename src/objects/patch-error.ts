import { type ErrorContext, ToolkitError } from "../errors.ts";

/**
 * Why a patch was refused: `PATCH_INVALID` the patch itself is malformed, `PATCH_PATH_MISSING` it points at something
 * that is not there, `PATCH_TEST_FAILED` a `test` operation did not hold, `PATCH_LIMIT` it is larger than allowed.
 */
export type PatchErrorCode = "PATCH_INVALID" | "PATCH_PATH_MISSING" | "PATCH_TEST_FAILED" | "PATCH_LIMIT";

/** A patch that cannot be applied to the document it was meant for. */
export class PatchError extends ToolkitError {
  override readonly name = "PatchError";
  readonly code: PatchErrorCode;

  constructor(code: PatchErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
