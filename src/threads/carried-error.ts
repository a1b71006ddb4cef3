import { ToolkitError } from "../errors.ts";
import { CarriedToolkitError } from "./errors.ts";

/** An error as it travels between threads: a class does not. */
export type CarriedError =
  | {
      readonly kind: "toolkit";
      /** Of its class: `SopsError`. */
      readonly name: string;
      readonly code: string;
      readonly message: string;
      readonly details: readonly string[];
      readonly hints: readonly string[];
    }
  /** Something nobody expected, as far as it can be copied. */
  | { readonly kind: "other"; readonly name: string; readonly message: string; readonly stack: string | undefined };

/** Its cause stays behind: what a person needs to know of it is in the details. */
export function carry(error: unknown): CarriedError {
  if (error instanceof ToolkitError) {
    const { name, code, message, details, hints } = error;
    return { kind: "toolkit", name, code, message, details, hints };
  }
  if (!(error instanceof Error)) return { kind: "other", name: "Error", message: String(error), stack: undefined };
  return { kind: "other", name: error.name, message: error.message, stack: error.stack };
}

/** The error for whoever asked for the job. Branch on its `code`: its class is not that of its area. */
export function revive(carried: CarriedError): Error {
  if (carried.kind === "toolkit") {
    const { name, code, message, details, hints } = carried;
    return new CarriedToolkitError(name, code, message, { details, hints });
  }
  const error = new Error(carried.message);
  error.name = carried.name;
  if (carried.stack !== undefined) error.stack = carried.stack;
  return error;
}
