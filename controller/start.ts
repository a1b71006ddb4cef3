import { setMaxListeners } from "node:events";
import { type Clock, type KubeClient, sleep, systemClock } from "../src/kube/index.ts";
import { type Election, runElection } from "./election.ts";
import { ControllerError } from "./errors.ts";
import { createEventRecorder } from "./events.ts";
import { type Listener, listen, notFound } from "./http/listener.ts";
import { metricsRoutes } from "./http/metrics-routes.ts";
import { probeAnswer } from "./http/probes.ts";
import { type Log, silentLog } from "./log.ts";
import { startManager } from "./manager.ts";
import { createMetrics, type Metrics, silentMetrics } from "./metrics.ts";
import type { SetUp, SetupPorts } from "./setup.ts";

/** A family of kinds: its name in `--controllers` and how it is set up. */
export interface Family {
  readonly name: string;
  readonly setUp: (ports: SetupPorts) => Promise<SetUp>;
}

export interface StartOptions {
  readonly client: KubeClient;
  readonly families: readonly Family[];
  /** The controllers' own namespace: their keys, leases and Secrets of their own are there. */
  readonly namespace: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Objects of these namespaces only; all when absent. */
  readonly namespaces?: readonly string[] | undefined;
  /** `HOST:PORT` for probes and the API; absent: nothing is served. Port 0 takes a free one. */
  readonly listen?: string | undefined;
  readonly listenMetrics?: string | undefined;
  readonly readTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
  /** Work only while holding this Lease. */
  readonly election?: { readonly name: string; readonly identity: string } | undefined;
  readonly version?: string;
}

export interface RunningControllers {
  /** Everything was read once and passes have begun; for a process that waits for the lead: everything was read. */
  readonly ready: Promise<void>;
  /** Address of the API and the probes, when it is served. */
  readonly url: string | undefined;
  readonly metricsUrl: string | undefined;
  /** Resolves when the lead is lost: the process should end. Never without election. */
  readonly lost: Promise<void>;
  /** Makes a new sealing key now; a process that does not lead leaves that to the one that does. */
  renewKey(): Promise<void>;
  /**
   * Ends in good order: passes that run are waited for, and the lead is given back at once. Requests are answered for
   * `answerForMs` from now on, because callers are still sent here for a moment.
   */
  stop(graceMs?: number, options?: { readonly answerForMs?: number }): Promise<void>;
}

const TWO_MINUTES_MS = 120_000;

/**
 * Runs controllers in this process: for `sealkit controller`, the sandbox, previews and tests alike.
 *
 * @throws {ControllerError} `CONTROLLER_LISTEN` when an address cannot be used.
 */
export async function startControllers(options: StartOptions): Promise<RunningControllers> {
  const { client, namespace, clock = systemClock, log = silentLog } = options;
  const metrics: Metrics =
    options.listenMetrics === undefined ? silentMetrics : await createMetrics({ ofProcess: true });
  const stopping = new AbortController();
  // As many listen as there are watches and leases, and there is no leak in that.
  setMaxListeners(0, stopping.signal);
  const instance = Math.floor(clock.random() * 2 ** 48).toString(16);
  const events = createEventRecorder({ client, clock, log, instance: `${clock.now().toString(16)}${instance}` });
  const election: Election | undefined =
    options.election === undefined
      ? undefined
      : runElection({ ...options.election, client, clock, log, namespace }, stopping.signal);
  const leads = election?.elected ?? Promise.resolve(true);
  let isLeading = election === undefined;
  void leads.then((wasElected) => {
    isLeading = wasElected;
  });

  const ports = { client, clock, log, metrics, events, namespace, leads, version: options.version ?? "" };
  const setUps = await Promise.all(
    options.families.map((family) => family.setUp({ ...ports, signal: stopping.signal })),
  );
  const mayWork = Promise.all([leads, ...setUps.map((setUp) => setUp.ready)]).then(([isLeader]) => isLeader);
  const manager = startManager({
    client,
    clock,
    log,
    metrics,
    events,
    namespaces: options.namespaces,
    controllers: setUps.flatMap((setUp) => setUp.controllers),
    mayWork,
  });

  for (const one of options.namespaces ?? []) log.info("Starting informer", { namespace: one });
  const timeouts = {
    readTimeoutMs: options.readTimeoutMs ?? TWO_MINUTES_MS,
    writeTimeoutMs: options.writeTimeoutMs ?? TWO_MINUTES_MS,
    onError: (error: unknown) =>
      log.error("Error answering a request", { error: error instanceof Error ? error.name : "" }),
  };
  // A process that waits for the lead is ready too: it would take over at once.
  let isSetUp = false;
  void Promise.all(setUps.map((setUp) => setUp.ready)).then(() => {
    isSetUp = true;
  });
  let isStopping = false;
  const isReady = () => isSetUp && manager.hasRead && !isStopping;
  const answer: Parameters<typeof listen>[0]["answer"] = async (question) => {
    for (const setUp of setUps) {
      const own = await setUp.answer?.(question, isReady);
      if (own !== undefined) return own;
    }
    return probeAnswer(question, isReady()) ?? notFound;
  };

  const listeners: Listener[] = [];
  const serve = async (address: string | undefined, what: string, routes: typeof answer) => {
    if (address === undefined) return undefined;
    const listener = await listen({ ...timeouts, address, answer: routes });
    listeners.push(listener);
    log.info(what, { addr: address, ...(/:0$/.test(address) ? { port: listener.port } : {}) });
    return listener.url;
  };
  const stop = async (graceMs?: number, { answerForMs = 0 } = {}) => {
    isStopping = true;
    const answered = answerForMs === 0 ? undefined : sleep(clock, answerForMs);
    await manager.stop(graceMs);
    stopping.abort();
    await Promise.all(setUps.map((setUp) => setUp.stop?.()));
    await election?.ended;
    await answered;
    await Promise.all(listeners.map((listener) => listener.close()));
  };

  try {
    const url = await serve(options.listen, "HTTP server serving", answer);
    const metricsUrl = await serve(options.listenMetrics, "HTTP metrics server serving", metricsRoutes(metrics));
    return {
      ready: election === undefined ? manager.ready : manager.read,
      url,
      metricsUrl,
      lost: election === undefined ? new Promise(() => undefined) : lostOf(election),
      renewKey: async () => {
        if (!isLeading) log.warn("No key made: another process leads");
        else for (const setUp of setUps) await setUp.renewKey?.();
      },
      stop,
    };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

async function lostOf(election: Election): Promise<void> {
  if ((await election.ended) === "stopped") await new Promise(() => undefined);
}

/** The error of a process that may no longer work. */
export function leadLost(): ControllerError {
  return new ControllerError(
    "CONTROLLER_LEAD_LOST",
    "Cannot go on: another process leads, or the lease was not renewed",
  );
}
