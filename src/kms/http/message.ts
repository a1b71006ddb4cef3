/** A question to a service. The body is sent as it is, uncompressed. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "HEAD" | "LIST";
  /** Without user name and password. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
}

/** What came of it: an answer with any status but a redirect, or why there was none. */
export type HttpOutcome = HttpAnswer | HttpFailure;

export interface HttpAnswer {
  readonly kind: "answer";
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}

/** No usable answer. `state` is one clause for people (`it cannot be reached: connection refused`), without anything that was sent. */
export interface HttpFailure {
  readonly kind: "failure";
  readonly reason: HttpFailureReason;
  readonly state: string;
  /** HTTP status where there was one (redirects, endless answers). */
  readonly status?: number | undefined;
}

export type HttpFailureReason =
  /** Nobody listens there, or there is no such host. */
  | "unreachable"
  /** The server's certificate does not hold, or TLS did not come about. */
  | "tls"
  /** No whole answer within the time limit. */
  | "timeout"
  /** The answer is longer than anything this service has to say. */
  | "too-long"
  /** It points elsewhere, and following would send credentials there. */
  | "redirect"
  /** The request itself cannot be sent: a header with a line break, a forbidden port. */
  | "unsendable"
  | "aborted";

/** The body as JSON: an object, or undefined when it is anything else. */
export function jsonObject({ body }: Pick<HttpAnswer, "body">): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A text field of a JSON object; undefined when it is not there or no text. Inherited names do not count. */
export function textField(object: unknown, name: string): string | undefined {
  if (!isRecord(object) || !Object.hasOwn(object, name)) return undefined;
  const value = object[name];
  return typeof value === "string" ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
