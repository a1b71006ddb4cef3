import { setMaxListeners } from "node:events";
import { type Clock, type KubeClient, sleep } from "../src/kube/index.ts";
import type { KindController } from "./controller.ts";
import type { EventRecorder } from "./events.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { durationLabels } from "./report.ts";
import { type RunningKind, startKind } from "./run-kind.ts";

export interface ManagerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly controllers: readonly KindController<never>[];
  /** Only objects in these namespaces; all when absent. */
  readonly namespaces?: readonly string[] | undefined;
  /** Passes begin when this resolves with true; e.g. on becoming the leader. */
  readonly mayWork?: Promise<boolean>;
}

export interface Manager {
  /** Resolves when every kind has been read once and passes have begun. */
  readonly ready: Promise<void>;
  /** Resolves when every kind has been read once, whether passes may begin or not. */
  readonly read: Promise<void>;
  readonly hasRead: boolean;
  /** Ends all passes: those that run get `graceMs` before they are aborted. Resolves when nothing runs any more. */
  stop(graceMs?: number): Promise<void>;
}

const GRACE_MS = 20_000;
/** Unsent events are worth this much of a stop. */
const FLUSH_MS = 2_000;

/** Runs the given kinds until it is stopped. */
export function startManager(options: ManagerOptions): Manager {
  const { clock, log, metrics } = options;
  const watching = new AbortController();
  const working = new AbortController();
  // Every call under way listens to these, and there is no leak in many of them.
  setMaxListeners(0, watching.signal, working.signal);
  const measured = options.controllers.some((controller) => controller.perObjectDuration === true);
  const duration = measured
    ? metrics.histogram({
        name: "gotk_reconcile_duration_seconds",
        help: "The duration in seconds of a GitOps Toolkit resource reconciliation.",
        labels: ["kind", "name", "namespace"],
        buckets: [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800],
      })
    : undefined;

  const kinds: readonly RunningKind[] = options.controllers.map((controller) =>
    startKind(controller, {
      ...options,
      duration: controller.perObjectDuration === true ? duration : undefined,
      removeDuration: (object) => duration?.remove(durationLabels(controller, object)),
      watching: watching.signal,
      working: working.signal,
    }),
  );

  let hasRead = false;
  const read = Promise.all(kinds.map((kind) => kind.synced)).then(() => {
    hasRead = true;
    log.debug("All kinds are read", { kinds: kinds.length });
  });
  const ready = read.then(async () => {
    const mayWork = await (options.mayWork ?? true);
    if (mayWork && !watching.signal.aborted) for (const kind of kinds) kind.begin();
  });

  return {
    ready,
    read,
    get hasRead() {
      return hasRead;
    },
    async stop(graceMs = GRACE_MS) {
      watching.abort();
      const ended = Promise.all(kinds.map((kind) => kind.end()));
      const inTime = await Promise.race([ended.then(() => true), sleep(clock, graceMs).then(() => false)]);
      if (!inTime) {
        log.warn("Passes still run; ending them now");
        working.abort();
        await Promise.race([ended, sleep(clock, graceMs)]);
      }
      await Promise.race([options.events.flush(), sleep(clock, FLUSH_MS)]);
      working.abort();
    },
  };
}
