import { type ErrorContext, ToolkitError } from "../../src/errors.ts";

export type PreviewErrorCode = "PREVIEW_FAILED" | "PREVIEW_NOT_A_FOLDER" | "PREVIEW_SNAPSHOT" | "PREVIEW_TIMEOUT";

/** A preview did not come about. `details` hold what the controller said. */
export class PreviewError extends ToolkitError {
  override readonly name = "PreviewError";
  readonly code: PreviewErrorCode;

  constructor(code: PreviewErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
