import { type ErrorContext, ToolkitError } from "../errors.ts";

export type ShamirErrorCode = "SHAMIR_BAD_COUNT" | "SHAMIR_BAD_SHARES";

/**
 * A secret cannot be split, or shares cannot be put together. `original` is the sentence of the original implementation.
 * No field holds a byte of a secret or a share.
 */
export class ShamirError extends ToolkitError {
  override readonly name = "ShamirError";
  readonly code: ShamirErrorCode;
  readonly original: string;

  constructor(code: ShamirErrorCode, message: string, more: ErrorContext & { original: string }) {
    super(message, more);
    this.code = code;
    this.original = more.original;
  }
}
