import { type Clock, type KubeClient, sleep } from "../kube/index.ts";
import { type KubeObject, numberAt, type ObjectId, subjectOf } from "../objects/index.ts";
import { inParallel } from "../parallel.ts";
import { failureOf, type Health, healthOf } from "./health.ts";

/** An object whose health counts. */
export interface WaitTarget {
  readonly apiVersion: string;
  readonly id: ObjectId;
  /** What was applied, where that is known: a Job that removes itself when done may be gone in the end. */
  readonly applied?: KubeObject;
  /** Where it was written, for messages. */
  readonly origin?: string;
}

export interface WaitOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Longest pause between two looks. Default 5 s. */
  readonly pollMs?: number;
  /** Objects that are read at the same time. */
  readonly concurrency?: number;
}

export interface WaitResult {
  readonly kind: "healthy" | "failed" | "timeout" | "aborted";
  readonly elapsedMs: number;
  /** Those that are not healthy: `Kind/ns/name status: 'InProgress'`, with what a failed one says and where it was written. */
  readonly unhealthy: readonly string[];
}

const FIRST_PAUSE_MS = 50;
const DEFAULT_POLL_MS = 5000;

/**
 * Waits until every target is Current, and ends early when one has Failed. Looks soon at first and then ever less often.
 *
 * @throws {KubeError} when the API refuses a read for good (403).
 */
export async function waitUntilHealthy(targets: readonly WaitTarget[], options: WaitOptions): Promise<WaitResult> {
  const { clock, signal } = options;
  const startedAt = clock.now();
  const states = new Map<WaitTarget, Seen>(targets.map((target) => [target, { health: "InProgress" }]));
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, options.pollMs ?? DEFAULT_POLL_MS)) {
    const open = targets.filter((target) => states.get(target)?.health !== "Current");
    await inParallel(open, options.concurrency ?? 4, async (target) => {
      states.set(target, await lookAt(target, options));
    });
    const elapsedMs = clock.now() - startedAt;
    const unhealthy = [...states].filter(([, { health }]) => health !== "Current");
    const shown = () => unhealthy.map(([target, seen]) => line(target, seen));
    if (unhealthy.length === 0) return { kind: "healthy", elapsedMs, unhealthy: [] };
    if (signal?.aborted === true) return { kind: "aborted", elapsedMs, unhealthy: shown() };
    const failed = unhealthy.filter(([, { health }]) => health === "Failed");
    if (failed.length > 0) {
      return { kind: "failed", elapsedMs, unhealthy: failed.map(([target, seen]) => line(target, seen)) };
    }
    if (elapsedMs >= options.timeoutMs) return { kind: "timeout", elapsedMs, unhealthy: shown() };
    await sleep(clock, Math.min(pauseMs, Math.max(1, options.timeoutMs - elapsedMs)), signal);
  }
}

interface Seen {
  readonly health: Health;
  readonly why?: string | undefined;
}

function line({ id, origin }: WaitTarget, { health, why }: Seen): string {
  const said = why === undefined || why === "" ? "" : `: ${why}${origin === undefined ? "" : ` (from ${origin})`}`;
  return `${subjectOf(id)} status: '${health}'${said}`;
}

async function lookAt({ apiVersion, id, applied }: WaitTarget, { client, clock }: WaitOptions): Promise<Seen> {
  const resource = await client.resourceFor(apiVersion, id.kind);
  const live = resource && (await client.get(resource, { namespace: id.namespace, name: id.name }));
  if (live !== undefined) {
    const health = healthOf(live, clock.now());
    return health === "Failed" ? { health, why: failureOf(live) } : { health };
  }
  const mayBeGone = id.kind === "Job" && numberAt(applied, "spec", "ttlSecondsAfterFinished") !== undefined;
  return { health: mayBeGone ? "Current" : "NotFound" };
}
