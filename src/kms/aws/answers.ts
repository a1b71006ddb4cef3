import type { HttpAnswer } from "../http/message.ts";
import { jsonObject, textField } from "../http/message.ts";

/** Error codes of AWS services after which the same question may be answered. */
const TRANSIENT: ReadonlySet<string> = new Set([
  "BandwidthLimitExceeded",
  "DependencyTimeoutException",
  "KMSInternalException",
  "KeyUnavailableException",
  "PriorRequestNotComplete",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestTimeout",
  "RequestTimeoutException",
  "SlowDown",
  "Throttling",
  "ThrottledException",
  "ThrottlingException",
  "TooManyRequestsException",
  "IDPCommunicationError",
]);

export function isTransient(code: string | undefined): boolean {
  return code !== undefined && TRANSIENT.has(code);
}

/** Error codes behind which a wrong clock may be. */
const CLOCK_CODES: ReadonlySet<string> = new Set([
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
]);

/** AWS takes signatures that are up to five minutes old. */
const TOLERATED_SKEW_MS = 4 * 60_000;

/** How far the service's clock is ahead of ours, where an answer says that this is what is wrong; else 0. */
export function skewMs(answer: HttpAnswer, code: string | undefined, now: Date): number {
  if (code === undefined || !CLOCK_CODES.has(code)) return 0;
  const theirs = Date.parse(answer.header("date") ?? "");
  const skew = theirs - now.getTime();
  return Number.isNaN(skew) || Math.abs(skew) < TOLERATED_SKEW_MS ? 0 : skew;
}

/** The error code of a JSON service: the name in `__type` behind any `#`, or the header that says the same. */
export function jsonErrorCode(answer: HttpAnswer): string | undefined {
  const named = textField(jsonObject(answer), "__type") ?? answer.header("x-amzn-errortype");
  const code = named?.split(":")[0]?.split("#").at(-1);
  return code !== undefined && /^\w{1,100}$/.test(code) ? code : undefined;
}
