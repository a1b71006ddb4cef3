import { concatAll } from "../../bytes/concat.ts";
import type { Fetch, FetchResponse, KmsPorts, ResponseBody } from "../ports.ts";
import type { HttpLimits } from "./limits.ts";
import type { HttpFailure, HttpFailureReason, HttpOutcome, HttpRequest } from "./message.ts";

/** One try: a time limit over everything, an answer of bounded length, no redirects. Never throws. */
export async function send(
  ports: Pick<KmsPorts, "timers" | "signal">,
  open: Fetch,
  request: HttpRequest,
  limits: Pick<HttpLimits, "timeoutMs" | "maxAnswerBytes">,
): Promise<HttpOutcome> {
  if (isAborted(ports.signal)) return failure("aborted", "it was interrupted");
  const stop = new AbortController();
  let timedOut = false;
  const abort = () => stop.abort();
  const cancelTimer = ports.timers.after(limits.timeoutMs, () => {
    timedOut = true;
    stop.abort();
  });
  ports.signal?.addEventListener("abort", abort, { once: true });
  try {
    const response = await open(request.url.href, {
      method: request.method,
      headers: { "accept-encoding": "identity", ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: "manual",
      signal: stop.signal,
    });
    return await answerOf(response, limits.maxAnswerBytes);
  } catch (error) {
    if (timedOut) return failure("timeout", `it did not answer within ${limits.timeoutMs / 1000} s`);
    if (isAborted(ports.signal)) return failure("aborted", "it was interrupted");
    return failureOf(error);
  } finally {
    cancelTimer();
    ports.signal?.removeEventListener("abort", abort);
  }
}

async function answerOf(response: FetchResponse, maxBytes: number): Promise<HttpOutcome> {
  const { status } = response;
  const isRedirect = status >= 300 && status < 400 && response.headers.get("location") !== null;
  if (isRedirect) {
    if (response.body !== null) abandon(response.body.getReader());
    return failure("redirect", "it points to another address, which is not followed", status);
  }
  const body = await readBody(response, maxBytes);
  if (body === undefined) return failure("too-long", `its answer is longer than ${maxBytes} bytes`, status);
  return { kind: "answer", status, header: (name) => response.headers.get(name) ?? undefined, body };
}

/** Undefined when there is more than `maxBytes`. */
async function readBody({ body }: FetchResponse, maxBytes: number): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || value === undefined) return concatAll(parts);
    bytes += value.length;
    if (bytes > maxBytes) {
      abandon(reader);
      return undefined;
    }
    parts.push(value);
  }
}

/** Nobody waits for a server that may never let go. */
function abandon(reader: ReturnType<ResponseBody["getReader"]>): void {
  reader.cancel().catch(() => undefined);
}

/** The words of the network for what people know by other ones. */
const NETWORK_CODES: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset"],
  ["ENOTFOUND", "no such host"],
  ["EAI_AGAIN", "the name cannot be resolved now"],
  ["EHOSTUNREACH", "no route to host"],
  ["ENETUNREACH", "network is unreachable"],
  ["ETIMEDOUT", "connection timed out"],
  ["EPIPE", "connection closed"],
  ["UND_ERR_SOCKET", "connection closed"],
  ["UND_ERR_CONNECT_TIMEOUT", "connection timed out"],
  ["UND_ERR_SOCKS5_AUTH_FAILED", "the SOCKS proxy refuses the login"],
  ["UND_ERR_SOCKS5_AUTH_REJECTED", "the SOCKS proxy wants a login"],
]);

/** Only the code of an error is looked at: its message may hold a header of ours. */
function failureOf(error: unknown): HttpFailure {
  const code = codeOf(error);
  if (code === undefined) return failure("unsendable", "the request cannot be sent");
  if (/CERT|SELF_SIGNED|SSL|TLS|UNABLE_TO_VERIFY|EPROTO|CA_BUNDLE/.test(code))
    return failure("tls", `TLS failed: ${code}`);
  return failure("unreachable", `it cannot be reached: ${NETWORK_CODES.get(code) ?? code}`);
}

const MAX_CAUSES = 5;

function codeOf(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    if ("code" in current && typeof current.code === "string" && /^[A-Z0-9_]{1,60}$/.test(current.code)) {
      return current.code;
    }
    if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0];
    else current = current.cause;
  }
  // What the HTTP parser and the socket say without a code is trouble on the wire; what fetch itself refuses has no cause.
  return error instanceof Error && error.cause instanceof Error && !/header|port|URL|scheme/i.test(error.cause.message)
    ? "connection closed"
    : undefined;
}

function failure(reason: HttpFailureReason, state: string, status?: number): HttpFailure {
  return { kind: "failure", reason, state, ...(status === undefined ? {} : { status }) };
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
