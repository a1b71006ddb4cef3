import type { Clock } from "../../src/kube/index.ts";
import { type Answer, notFound, type Question } from "../http/listener.ts";
import { probeAnswer } from "../http/probes.ts";
import { requestLimit } from "../http/request-limit.ts";
import { timeShare } from "../http/time-share.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { SealedSecretService } from "./service.ts";

export interface RouteOptions {
  readonly service: SealedSecretService;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly isReady: () => boolean;
  /** Verify and rotate: requests a second and burst, for each caller and path. */
  readonly rate: number;
  readonly burst: number;
  /** Networks of proxies that say the truth about whom they ask for. */
  readonly trustedProxies?: readonly string[];
}

/** A SealedSecret cannot be larger than what etcd takes; a little more for spaces. */
const BODY_BYTES = 4 * 1024 * 1024;

/** A sender may take so long for a body; who sends slowly must not keep others out. */
const BODY_MS = 10_000;

/** All bodies that are being read. */
const BODIES_BYTES = 64 * 1024 * 1024;

/** Verify and rotate requests at work: private-key operations take their time. */
const MOST_AT_ONCE = 16;

/** Reading a body keeps everything else waiting, leases too: strangers get this much of the time, in the long run. */
const READING = { share: 0.25, burstMs: 1_000 };

/** Methods that have a name in the metrics: callers must not be able to make series. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];

const TEXT = { "Content-Type": "text/plain; charset=utf-8" };

/**
 * What `kubeseal` and others ask the controller over HTTP. Nobody is authenticated here, so answers say as little as
 * possible: yes, no, or "something is wrong". No template is ever rendered.
 */
export function sealedSecretRoutes(options: RouteOptions): (question: Question) => Promise<Answer> {
  const { service, clock, log } = options;
  const limiter = requestLimit({ ...options, trustedProxies: options.trustedProxies ?? [] });
  const requests = options.metrics.counter({
    name: "sealed_secrets_controller_http_requests_total",
    help: "A counter for requests to the wrapped handler.",
    labels: ["path", "code", "method"],
  });
  const durations = options.metrics.histogram({
    name: "sealed_secrets_controller_http_request_duration_seconds",
    help: "A histogram of latencies for requests.",
    labels: ["path", "method"],
  });

  let busy = 0;
  const reading = timeShare({ clock, ...READING });
  const together = { heldBytes: 0, maxBytes: BODIES_BYTES };
  const limited = async (question: Question, serve: (body: Buffer) => Promise<Answer>): Promise<Answer> => {
    const verdict = limiter(question);
    const refused = (): Answer => {
      const headers = { "Retry-After": "1", ...verdict.headers, ...TEXT, "X-Content-Type-Options": "nosniff" };
      return { status: 429, headers, body: "limit exceeded\n" };
    };
    if (!verdict.allowed) return refused();
    const body = await question.body({ maxBytes: BODY_BYTES, withinMs: BODY_MS, together });
    if (typeof body === "string") return { status: body === "too large" ? 413 : 408, headers: verdict.headers };
    // Only now: a slow sender holds no place.
    if (busy >= MOST_AT_ONCE || !reading.isLeft()) return refused();
    busy += 1;
    try {
      const answer = await reading.run(() => serve(body));
      return { ...answer, headers: { ...verdict.headers, ...answer.headers } };
    } finally {
      busy -= 1;
    }
  };

  const routes = new Map<string, (question: Question) => Promise<Answer>>([
    [
      "/v1/cert.pem",
      async () => {
        const certificate = service.certificate();
        return certificate === undefined
          ? { status: 500, headers: { ...TEXT, "X-Content-Type-Options": "nosniff" }, body: "cannot get certificate\n" }
          : { status: 200, headers: { "Content-Type": "application/x-pem-file" }, body: certificate };
      },
    ],
    [
      "/v1/verify",
      (question) =>
        limited(question, async (body) => {
          const result = await service.verify(body);
          if (result.kind === "malformed") log.error("Error validating secret", { error: result.message });
          return { status: { opens: 200, locked: 409, malformed: 500 }[result.kind] };
        }),
    ],
    [
      "/v1/rotate",
      (question) =>
        limited(question, async (body) => {
          const result = await service.rotate(body);
          if (result.kind === "rotated") return { status: 200, headers: TEXT, body: result.json };
          log.error("Error rotating secret", { error: result.message });
          return { status: 500 };
        }),
    ],
  ]);

  return async (question) => {
    const probe = probeAnswer(question, options.isReady());
    if (probe !== undefined) return probe;
    const route = routes.get(question.path);
    if (route === undefined) return notFound;
    const method = METHODS.includes(question.method) ? question.method.toLowerCase() : "unknown";
    const startedMs = clock.now();
    const answer = await route(question).catch((error: unknown): Answer => {
      log.error("Error answering a request", { path: question.path, error: error instanceof Error ? error.name : "" });
      return { status: 500 };
    });
    requests.inc({ path: question.path, code: String(answer.status), method });
    durations.observe({ path: question.path, method }, (clock.now() - startedMs) / 1000);
    return answer;
  };
}
