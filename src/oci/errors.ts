import { type ErrorContext, ToolkitError } from "../errors.ts";

export type OciErrorCode =
  | "OCI_BAD_REFERENCE"
  | "OCI_CREDENTIALS"
  | "OCI_DENIED"
  | "OCI_NOT_FOUND"
  | "OCI_PROTOCOL"
  | "OCI_TOO_LARGE"
  | "OCI_UNREACHABLE";

/** A registry cannot be used as asked. No field holds a password or a token. */
export class OciError extends ToolkitError {
  override readonly name = "OciError";
  readonly code: OciErrorCode;

  constructor(code: OciErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
