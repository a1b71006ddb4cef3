import type { KeyServiceErrorCode } from "../../sops/index.ts";
import type { HttpFailureReason } from "./message.ts";

const CODES: Readonly<Record<HttpFailureReason, KeyServiceErrorCode>> = {
  unreachable: "KEY_SERVICE_UNREACHABLE",
  tls: "KEY_SERVICE_UNREACHABLE",
  timeout: "KEY_SERVICE_TIMEOUT",
  "too-long": "KEY_SERVICE_BAD_ANSWER",
  redirect: "KEY_SERVICE_BAD_ANSWER",
  unsendable: "KEY_SERVICE_BAD_SETTINGS",
  aborted: "KEY_SERVICE_FAILED",
};

/** The code of an error for a question that got no answer. */
export function codeOfFailure(reason: HttpFailureReason): KeyServiceErrorCode {
  return CODES[reason];
}

/** The code of an error for an answer that says no, where the service's own code does not say more. */
export function codeOfStatus(status: number): KeyServiceErrorCode {
  if (status === 401 || status === 403) return "KEY_SERVICE_DENIED";
  if (status === 404) return "KEY_SERVICE_MISSING_KEY";
  return status === 429 ? "KEY_SERVICE_THROTTLED" : "KEY_SERVICE_FAILED";
}
