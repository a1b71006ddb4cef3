import { ToolkitError } from "../src/errors.ts";
import { errorText } from "./error-text.ts";

/** Longest message of a condition; the API takes 32768 bytes. */
const MAX_CHARS = 8000;

/** An error with its details and hints, one a line: what fits a condition and an event. */
export function errorLines(error: unknown): string {
  if (!(error instanceof ToolkitError)) return errorText(error);
  const lines = [error.message, ...error.details, ...error.hints.map((hint) => `hint: ${hint}`)].join("\n");
  return lines.length <= MAX_CHARS ? lines : `${lines.slice(0, MAX_CHARS - 3)}...`;
}
