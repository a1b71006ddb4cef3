import { type Clock, isReason, type KubeClient, sleep, stopwatch } from "../src/kube/index.ts";
import type { KubeObject } from "../src/objects/index.ts";
import { errorText } from "./error-text.ts";
import type { Log } from "./log.ts";

const LEASES = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
} as const;

export interface ElectionOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly namespace: string;
  /** Name of the Lease: one for each group of processes that stand in for each other. */
  readonly name: string;
  /** Different for every process. */
  readonly identity: string;
  /** Others take over after this long without a sign of life. Default 35 s. */
  readonly leaseMs?: number;
  /** We stop leading when we could not renew for this long. Default 30 s; less than `leaseMs`. */
  readonly renewDeadlineMs?: number;
  /** Pause between renewals. Default 5 s. */
  readonly retryMs?: number;
  /** Pause between looks of one that waits, and so the longest gap when the lease is given back. Default 1 s. */
  readonly standbyMs?: number;
}

export interface Election {
  /** Resolves with true on becoming the leader, with false when `signal` aborted before. */
  readonly elected: Promise<boolean>;
  /** Resolves when leading has ended: `lost` to another or to an API that cannot be reached, or `stopped`. */
  readonly ended: Promise<"lost" | "stopped">;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

/**
 * Leader election over a Lease, as client-go does it: who writes it last with its name in it leads, and the resource
 * version decides between two that write at once. Another's lease counts from when we first saw its last renewal, so
 * clocks that differ do no harm. Given back on `signal`.
 */
export function runElection(options: ElectionOptions, signal: AbortSignal): Election {
  let resolveElected: (leads: boolean) => void = () => undefined;
  const elected = new Promise<boolean>((resolve) => {
    resolveElected = resolve;
  });
  return { elected, ended: campaign(options, signal, resolveElected) };
}

/** The last renewal of another's lease, and when it was first seen. */
interface Seen {
  renewal: string;
  atMs: number;
  readonly elapsed: () => number;
}

async function campaign(
  options: ElectionOptions,
  signal: AbortSignal,
  elected: (leads: boolean) => void,
): Promise<"lost" | "stopped"> {
  const { clock, log } = options;
  const retryMs = options.retryMs ?? 5_000;
  const standbyMs = options.standbyMs ?? 1_000;
  const renewDeadlineMs = options.renewDeadlineMs ?? 30_000;
  const leaseMs = options.leaseMs ?? 35_000;
  const elapsed = stopwatch(clock);
  // Somebody who sets the clock forward must not make us take a lead that another holds.
  const seen: Seen = { renewal: "", atMs: 0, elapsed: stopwatch(clock, { mostStepMs: retryMs + standbyMs }) };
  let renewedAtMs: number | undefined;

  while (!signal.aborted) {
    const startedMs = elapsed();
    const state = await tryHold(options, seen, leaseMs).catch((error: unknown) => {
      log.warn("Cannot renew the lease", { error: errorText(error) });
      return "unknown" as const;
    });
    if (state === "held") {
      if (renewedAtMs === undefined) {
        log.info("Became the leader", { lease: options.name, identity: options.identity });
        elected(true);
      }
      renewedAtMs = startedMs;
    } else if (renewedAtMs !== undefined && (state === "taken" || elapsed() - renewedAtMs > renewDeadlineMs)) {
      log.error("Lost the lead", { lease: options.name });
      return "lost";
    }
    // Who waits looks often; but an API that fails is not asked, nor complained about, every second.
    const isWaiting = renewedAtMs === undefined && state === "taken";
    await sleep(clock, isWaiting ? standbyMs * (1 + 0.2 * clock.random()) : retryMs, signal);
  }
  elected(false);
  if (renewedAtMs !== undefined) await release(options);
  return "stopped";
}

async function tryHold(options: ElectionOptions, seen: Seen, leaseMs: number): Promise<"held" | "taken" | "unknown"> {
  const { client, clock, namespace, name, identity } = options;
  const now = microTime(clock.now());
  const lease = await client.get<Lease>(LEASES, { namespace, name });
  const mine: LeaseSpec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseMs / 1000),
    acquireTime: now,
    renewTime: now,
    leaseTransitions: 0,
  };
  try {
    if (lease === undefined) {
      await client.create<Lease>(LEASES, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { namespace, name },
        spec: mine,
      });
      return "held";
    }
    const held = lease.spec ?? {};
    if (held.holderIdentity === identity) {
      const acquireTime = held.acquireTime ?? now;
      await client.update<Lease>(LEASES, {
        ...lease,
        spec: { ...mine, acquireTime, leaseTransitions: held.leaseTransitions ?? 0 },
      });
      return "held";
    }
    const nowMs = seen.elapsed();
    const renewal = `${held.holderIdentity}\0${held.renewTime}`;
    if (renewal !== seen.renewal) {
      seen.renewal = renewal;
      seen.atMs = nowMs;
    }
    const isFree = (held.holderIdentity ?? "") === "";
    const theirMs = (held.leaseDurationSeconds ?? leaseMs / 1000) * 1000;
    if (!isFree && nowMs < seen.atMs + theirMs) return "taken";
    await client.update<Lease>(LEASES, {
      ...lease,
      spec: { ...mine, leaseTransitions: (held.leaseTransitions ?? 0) + 1 },
    });
    return "held";
  } catch (error) {
    // Somebody else wrote at the same moment: the next look tells who.
    if (isReason(error, "Conflict") || isReason(error, "AlreadyExists")) return "unknown";
    throw error;
  }
}

/** Lets the next one start at once instead of after the whole lease. */
async function release(options: ElectionOptions): Promise<void> {
  const { client, clock, namespace, name, identity } = options;
  try {
    const lease = await client.get<Lease>(LEASES, { namespace, name });
    if (lease?.spec?.holderIdentity !== identity) return;
    const renewTime = microTime(clock.now());
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime };
    await client.update<Lease>(LEASES, { ...lease, spec });
  } catch (error) {
    options.log.debug("Cannot give the lease back", { error: errorText(error) });
  }
}

/** `metav1.MicroTime`. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/(\.\d{3})Z$/, "$1000Z");
}
