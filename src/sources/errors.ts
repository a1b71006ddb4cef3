import { type ErrorContext, ToolkitError } from "../errors.ts";

export type SourceErrorCode =
  | "SOURCE_ARTIFACT_MISSING"
  | "SOURCE_ARTIFACT_REFUSED"
  | "SOURCE_ARTIFACT_TOO_LARGE"
  | "SOURCE_DIGEST_MISMATCH"
  | "SOURCE_FETCH_FAILED"
  | "SOURCE_IGNORE_TOO_LARGE"
  | "SOURCE_LISTEN"
  | "SOURCE_STORAGE_FAILED";

/** An artifact cannot be made, stored or fetched. Branch on `code`. */
export class SourceError extends ToolkitError {
  override readonly name = "SourceError";
  readonly code: SourceErrorCode;

  constructor(code: SourceErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
