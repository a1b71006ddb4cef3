import { install } from "../../cli/sandbox/whole-cluster.ts";
import type { SealedSecretSettings } from "../../controller/settings.ts";
import { startSandbox } from "../../sandbox/index.ts";
import { type Clock, type ClusterConfig, createKubeClient } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { IsolatedRenderer } from "../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../src/x509/index.ts";
import { controllerOf, KEY_SECRETS, OWN, prepareNamespaces, SEALED_SECRETS, SECRETS } from "./cluster.ts";
import { type Bench, Mismatch, type Report, runScript } from "./run.ts";
import { type Burst, NAMESPACES, randomScript } from "./script.ts";
import { shrunk, written } from "./shrink.ts";

export interface TargetOptions {
  readonly pool: readonly SealingKeyPair[];
  readonly patienceMs?: number;
  readonly settings?: Partial<SealedSecretSettings>;
  /** What renders templates; without it no SealedSecret has any. */
  readonly renderer?: (() => IsolatedRenderer) | undefined;
  /** How things go wrong; see `Bench`. */
  readonly trouble?: Trouble;
}

export interface Trouble extends Pick<Bench, "disturb" | "calm"> {
  /** How the controller reaches the API server, when not as the script does. */
  readonly config?: ClusterConfig;
  readonly clock?: Clock;
  /** Longest silence of a call of the controller. */
  readonly idleTimeoutMs?: number;
}

/** Runs a script from nothing; what it needs is made and removed. */
export type Target = (script: readonly Burst[], options: TargetOptions) => Promise<Report>;

/** A fresh sandbox in this process for every script. */
export const sandboxTarget: Target = async (script, options) => {
  const sandbox = await startSandbox({ pretendReady: false });
  const { url: server, caPem: ca, adminToken } = sandbox;
  const config = { server, ca, authorize: async () => ({ authorization: `Bearer ${adminToken}` }) };
  try {
    return await runAt(config, script, { ...options, quietMs: 30, forget: () => sandbox.compact() });
  } finally {
    await sandbox.close();
  }
};

/** A cluster that is there already. */
export function clusterTarget(config: ClusterConfig): Target {
  return (script, options) => runAt(config, script, { ...options, quietMs: 300 });
}

async function runAt(
  config: ClusterConfig,
  script: readonly Burst[],
  options: TargetOptions & { readonly quietMs: number; readonly forget?: () => void },
): Promise<Report> {
  const { pool, patienceMs = 30_000, quietMs, forget, settings = {}, trouble = {} } = options;
  const { disturb, calm, clock, idleTimeoutMs = 30_000 } = trouble;
  const client = createKubeClient(config);
  const theirs = createKubeClient(trouble.config ?? config, { idleTimeoutMs });
  const controller = controllerOf(theirs, {
    settings,
    renderer: options.renderer,
    ...(clock === undefined ? {} : { clock }),
  });
  try {
    await install(client);
    await prepareNamespaces(client);
    for (const namespace of [...NAMESPACES, OWN]) {
      for (const resource of [SEALED_SECRETS, SECRETS]) {
        const { items } = await client.list<KubeObject>(resource, { namespace });
        for (const { metadata } of items) await client.delete(resource, { namespace, name: metadata.name ?? "" });
      }
    }
    const bench = {
      ...{ client, pool, controller, patienceMs, quietMs, disturb, calm },
      ...(forget === undefined ? {} : { forget }),
    };
    const report = await runScript(script, bench);
    const keys = await client.list<KubeObject>(SECRETS, { namespace: OWN, labelSelector: KEY_SECRETS });
    const strange = keys.items.filter(({ metadata }) => !metadata.name?.startsWith("pool-"));
    if (strange.length > 0) throw new Error("the controller made a key of its own");
    return report;
  } finally {
    await controller.stop();
    await Promise.all([client.close(), theirs.close()]);
  }
}

/**
 * Runs as many random operations. When the cluster comes to a state that no course of events explains, the error holds
 * the seed and a script that is as short as can be found in `shrinkMs`.
 */
export async function runRandomly(
  target: Target,
  { random, seed, operations, shrinkMs, ...options }: RandomOptions & TargetOptions,
): Promise<Report> {
  const script = randomScript({ random, operations, templates: options.renderer !== undefined });
  try {
    return await target(script, options);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    const fails = (some: readonly Burst[]) =>
      target(some, { ...options, patienceMs: 2_000 }).then(
        () => false,
        (again: unknown) => again instanceof Mismatch,
      );
    const least = await shrunk(script.slice(0, error.burst + 1), fails, shrinkMs);
    throw new Error(
      `seed ${seed}, burst ${error.burst}: ${error.message}\n\nthe shortest script found:\n${written(least)}`,
    );
  }
}

export interface RandomOptions {
  readonly random: () => number;
  readonly seed: number;
  readonly operations: number;
  readonly shrinkMs: number;
}

/**
 * A storm shows in passes, writes and lines of the log that nothing asked for. `faults` of the API are reasons for more.
 */
export function stormOf({ reasons, passes, writes, lines }: Report, faults = 0): string | undefined {
  const of = (what: string) => writes.get(what) ?? 0;
  const bounds: readonly [string, number, number][] = [
    ["passes", passes, reasons * 1.3 + faults * 2 + 50],
    ["writes of Secrets", of("create secrets") + of("update secrets"), passes + faults],
    ["deletions", of("delete secrets") + of("delete sealedsecrets"), 0],
    ["writes of status", of("update sealedsecrets"), passes * 1.2 + faults],
    ["events", of("create events") + of("patch events"), passes * 1.1 + faults],
    ["lines of the log", lines, passes * 4 + faults * 2 + 200],
  ];
  const over = bounds.filter(([, count, most]) => count > most);
  return over.length === 0
    ? undefined
    : over.map(([what, count, most]) => `${what}: ${count}, at most ${most}`).join("; ");
}
