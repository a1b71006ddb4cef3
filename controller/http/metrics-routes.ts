import type { Metrics } from "../metrics.ts";
import { type Answer, notFound, type Question } from "./listener.ts";

/** `/metrics`, and nothing else. */
export function metricsRoutes(metrics: Metrics): (question: Question) => Promise<Answer> {
  return async ({ path }) =>
    path === "/metrics"
      ? {
          status: 200,
          headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" },
          body: await metrics.text(),
        }
      : notFound;
}
