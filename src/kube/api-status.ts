import { KubeError } from "./errors.ts";

interface ApiStatus {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown };
}

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** How much of an answer that is not a Status object is worth repeating. */
const EXCERPT_CHARS = 200;

/**
 * The error for an answer of 400 or above.
 *
 * @param what what was being done, e.g. `get Secret apps/db`; becomes `Cannot get Secret apps/db: ...`.
 */
export function apiError(
  what: string,
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly text: string },
): KubeError {
  const parsed = parseStatus(answer.text);
  const said = typeof parsed?.message === "string" ? parsed.message : answer.text.trim().slice(0, EXCERPT_CHARS);
  const reason = typeof parsed?.reason === "string" ? parsed.reason : (REASONS[answer.status] ?? "");
  const apiMessage = said === "" ? `the server answered ${answer.status} ${reason}`.trim() : said;
  const retryAfterMs = retryAfter(answer.headers["retry-after"], parsed?.details?.retryAfterSeconds);
  return new KubeError("KUBE_API", `Cannot ${what}: ${apiMessage}`, {
    status: answer.status,
    reason,
    apiMessage,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    hints: hintsFor(answer.status),
  });
}

/** The error inside a watch: an `ERROR` event whose object is a Status. */
export function watchError(what: string, object: unknown): KubeError {
  const status = isRecord(object) && typeof object["code"] === "number" ? object["code"] : 500;
  return apiError(what, { status, headers: {}, text: JSON.stringify(object ?? {}) });
}

function hintsFor(status: number): readonly string[] {
  if (status === 401) return ["the credentials were refused: log in again, or check the token of your kubeconfig"];
  if (status === 403) return ["ask for the right with: kubectl auth can-i --list"];
  return [];
}

function parseStatus(text: string): ApiStatus | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && value["kind"] === "Status" ? value : undefined;
  } catch {
    return undefined;
  }
}

function retryAfter(header: string | undefined, fromBody: unknown): number | undefined {
  const seconds = header === undefined ? fromBody : Number(header);
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
