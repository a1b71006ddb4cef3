import { type ErrorContext, ToolkitError } from "../src/errors.ts";

/** One row per code in `docs/errors/controller.md`. */
export type ControllerErrorCode =
  | "CONTROLLER_BACKUP"
  | "CONTROLLER_NO_KEY"
  | "CONTROLLER_REQUEST"
  | "CONTROLLER_SECRET_MOVES"
  | "CONTROLLER_LISTEN"
  | "CONTROLLER_LEAD_LOST"
  | "CONTROLLER_OPTIONS";

/** The controller cannot start, or cannot go on with one of its objects. */
export class ControllerError extends ToolkitError {
  override readonly name = "ControllerError";
  readonly code: ControllerErrorCode;

  constructor(code: ControllerErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
