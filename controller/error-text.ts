import { ToolkitError } from "../src/errors.ts";

/**
 * What may be said about an error in logs, events and conditions. Of an error that nobody foresaw only its kind: its
 * message may quote what it choked on, and that may be clear text.
 */
export function errorText(error: unknown): string {
  if (error instanceof ToolkitError) return error.message;
  if (!(error instanceof Error)) return "an unforeseen failure";
  const code = "code" in error && typeof error.code === "string" ? `, ${error.code}` : "";
  return `an unforeseen failure (${error.name}${code})`;
}
