import { type ErrorContext, ToolkitError } from "../errors.ts";

export type X509ErrorCode =
  | "X509_NO_CERTIFICATE"
  | "X509_MALFORMED"
  | "X509_NOT_RSA"
  | "X509_KEY_UNSAFE"
  | "X509_EXPIRED"
  | "X509_NO_PRIVATE_KEY"
  | "X509_PRIVATE_KEY_NOT_RSA";

/** What an `X509Error` can say beyond code and message. */
export interface X509ErrorContext extends ErrorContext {
  /** What kubeseal prints in this case. Where it goes on with raw numbers, this is the part that can be matched. */
  readonly original: string;
}

/** A certificate or key cannot be used. No field holds private key material. */
export class X509Error extends ToolkitError {
  override readonly name = "X509Error";
  readonly code: X509ErrorCode;
  readonly original: string;

  constructor(code: X509ErrorCode, message: string, more: X509ErrorContext) {
    super(message, more);
    this.code = code;
    this.original = more.original;
  }
}
