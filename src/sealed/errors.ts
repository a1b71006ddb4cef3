import { type ErrorContext, ToolkitError } from "../errors.ts";

export type SealedErrorCode = "SEALED_TRUNCATED" | "SEALED_NO_KEY_FITS";

/** What a `SealedError` can say beyond code and message. */
export interface SealedErrorContext extends ErrorContext {
  /** What the upstream controller says in this case. */
  readonly original: string;
  /** Fingerprints of the keys that were tried, in order. */
  readonly tried?: readonly string[];
}

/** A sealed item cannot be made or opened. No field holds clear text or key material; fingerprints are public. */
export class SealedError extends ToolkitError {
  override readonly name = "SealedError";
  readonly code: SealedErrorCode;
  readonly original: string;
  readonly tried: readonly string[];

  constructor(code: SealedErrorCode, message: string, more: SealedErrorContext) {
    super(message, more);
    this.code = code;
    this.original = more.original;
    this.tried = more.tried ?? [];
  }
}
