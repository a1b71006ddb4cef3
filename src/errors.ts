/**
 * Base of every error that sealkit expects to happen.
 *
 * `message` is the first line a person reads: what could not be done, and to what. `details` say where and why, one
 * line each. `hints` say what to do now. `code` is public API: branch on it, never on a text. No field ever holds
 * clear text, a private key, a passphrase, a token or a URL with credentials.
 */
export abstract class ToolkitError extends Error {
  abstract readonly code: string;
  readonly details: readonly string[];
  readonly hints: readonly string[];

  constructor(message: string, more: ErrorContext = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.details = more.details ?? [];
    this.hints = more.hints ?? [];
  }
}

/** What an error can say beyond its first line. */
export interface ErrorContext {
  readonly details?: readonly string[];
  readonly hints?: readonly string[];
  readonly cause?: unknown;
}

/** What an error says of one thing of many, where it has a line: without hints, which stand once below them all. */
export function inOneLine({ message, details }: ToolkitError): string {
  return [message, ...details.map((line) => line.trim())].join("; ");
}
