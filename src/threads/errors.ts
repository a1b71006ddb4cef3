import { type ErrorContext, ToolkitError } from "../errors.ts";

export type ThreadsErrorCode = "THREADS_CLOSED" | "THREADS_ENDED" | "THREADS_FULL";

/** A job was not done, for a reason that lies in the threads and not in the job. */
export class ThreadsError extends ToolkitError {
  override readonly name = "ThreadsError";
  readonly code: ThreadsErrorCode;

  constructor(code: ThreadsErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}

/** The code of any area: it is that of the error that a job threw. */
export type CarriedErrorCode = string;

/** An error of a job, come back from its thread: code, details and hints are those that it had there. */
export class CarriedToolkitError extends ToolkitError {
  override readonly name: string;
  readonly code: CarriedErrorCode;

  constructor(name: string, code: CarriedErrorCode, message: string, more: ErrorContext) {
    super(message, more);
    this.name = name;
    this.code = code;
  }
}
