import { type ErrorContext, ToolkitError } from "../src/errors.ts";

/**
 * What can go wrong with the sandbox itself (not with a request to it, which gets a Status as its answer):
 * `SANDBOX_PORT_IN_USE` and `SANDBOX_CANNOT_LISTEN` at the start, `SANDBOX_SERVICE_TARGET` when something that is not on
 * this machine's loopback is registered behind a Service.
 */
export type SandboxErrorCode = "SANDBOX_PORT_IN_USE" | "SANDBOX_CANNOT_LISTEN" | "SANDBOX_SERVICE_TARGET";

export class SandboxError extends ToolkitError {
  override readonly name = "SandboxError";
  readonly code: SandboxErrorCode;

  constructor(code: SandboxErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
