import { type ErrorContext, ToolkitError } from "../src/errors.ts";

export type CliErrorCode =
  | "CLI_BAD_FLAG"
  | "CLI_BAD_INPUT"
  | "CLI_CLEAR_TEXT"
  | "CLI_DEMO_FAILED"
  | "CLI_DISK_FULL"
  | "CLI_EDIT_CANCELLED"
  | "CLI_EDITOR_FAILED"
  | "CLI_FILE_DENIED"
  | "CLI_FILE_EXISTS"
  | "CLI_FILE_MISSING"
  | "CLI_FILE_TOO_BIG"
  | "CLI_FILE_UNUSABLE"
  | "CLI_GIT_FAILED"
  | "CLI_IS_DIRECTORY"
  | "CLI_UNCOMMITTED"
  | "CLI_UNKNOWN_COMMAND";

/** The command line, a file or a stream cannot be used as asked. */
export class CliError extends ToolkitError {
  override readonly name = "CliError";
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }

  /** True when the command line itself is wrong, so that nothing was tried. */
  get isUsage(): boolean {
    return this.code === "CLI_BAD_FLAG" || this.code === "CLI_UNKNOWN_COMMAND";
  }
}

/** What Go programs call the states of files. Source: what they print. */
export const GO_FILE_STATES: Partial<Record<CliErrorCode, string>> = {
  CLI_FILE_MISSING: "no such file or directory",
  CLI_FILE_DENIED: "permission denied",
  CLI_IS_DIRECTORY: "is a directory",
  CLI_DISK_FULL: "no space left on device",
};
