import { type Change, type WaitTarget, waitUntilHealthy } from "../../src/apply/index.ts";
import type { Clock, KubeClient } from "../../src/kube/index.ts";
import { type BuiltObject, originText } from "../../src/kustomize/index.ts";
import { objectId, splitApiVersion, subjectOf } from "../../src/objects/index.ts";
import { formatDuration } from "../duration.ts";
import { errorLines } from "../error-lines.ts";
import type { KustomizationSpec } from "./spec.ts";

export type HealthResult =
  | { readonly healthy: true; readonly message: string }
  | { readonly healthy: false; readonly message: string };

/** What has to be healthy: everything that was applied with `wait`, else what `healthChecks` names. */
export function healthTargets(
  spec: KustomizationSpec,
  built: readonly BuiltObject[],
  changes: readonly Change[],
): readonly WaitTarget[] {
  if (spec.wait) {
    const skipped = new Set(changes.filter(({ action }) => action === "skipped").map(({ subject }) => subject));
    return built
      .map(({ object, origin }) => ({
        apiVersion: object.apiVersion,
        id: objectId(object),
        applied: object,
        origin: originText(origin),
      }))
      .filter(({ id }) => !skipped.has(subjectOf(id)));
  }
  return spec.healthChecks.map(({ apiVersion, kind, namespace, name }) => ({
    apiVersion,
    id: { group: splitApiVersion(apiVersion).group, kind, namespace, name },
  }));
}

export async function checkHealth(
  targets: readonly WaitTarget[],
  ports: {
    readonly client: KubeClient;
    readonly clock: Clock;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<HealthResult> {
  try {
    const { kind, elapsedMs, unhealthy } = await waitUntilHealthy(targets, ports);
    const elapsed = formatDuration(elapsedMs);
    if (kind === "healthy") return { healthy: true, message: `Health check passed in ${elapsed}` };
    const list = `[${unhealthy.join(", ")}]`;
    return {
      healthy: false,
      message:
        kind === "failed"
          ? `health check failed early due to stalled resources: ${list}`
          : `health check failed after ${elapsed}: timeout waiting for: ${list}`,
    };
  } catch (error) {
    return { healthy: false, message: `health check failed: ${errorLines(error)}` };
  }
}
