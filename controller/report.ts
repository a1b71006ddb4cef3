import type { Clock } from "../src/kube/index.ts";
import type { KubeObject } from "../src/objects/index.ts";
import type { KindController } from "./controller.ts";
import { errorText } from "./error-text.ts";
import type { EventRecorder } from "./events.ts";
import type { Log } from "./log.ts";
import type { Histogram } from "./metrics.ts";
import type { Outcome } from "./outcome.ts";
import type { EventNote, Pass } from "./pass.ts";
import type { WorkQueue } from "./queue.ts";
import type { StatusWriter } from "./status/writer.ts";

export interface ReportPorts {
  readonly clock: Clock;
  readonly queue: WorkQueue;
  readonly status: StatusWriter;
  readonly events: EventRecorder;
  readonly log: Log;
  /** The same without the fields that name controller and object, for lines that name them in their own way. */
  readonly plainLog: Log;
  /** `gotk_reconcile_duration_seconds`; absent for kinds that do not have it. */
  readonly duration?: Histogram | undefined;
}

/**
 * Tells the world how a pass ended: status, events, metric, log line, and when to look again. The only place that does.
 * A status that cannot be written counts as a failure of the pass, because people and programs wait for it.
 */
export async function report<T extends KubeObject>(
  controller: KindController<T>,
  { key, object, pass, startedAtMs }: { key: string; object: T; pass: Pass; startedAtMs: number },
  ports: ReportPorts,
): Promise<void> {
  const { clock, log } = ports;
  const { outcome } = pass;
  ports.duration?.observe(durationLabels(controller, object), (clock.now() - startedAtMs) / 1000);
  for (const note of pass.events ?? automaticEvents(outcome)) ports.events.record(object, note, controller.eventSource);

  let statusError: unknown;
  if (pass.keepStatus !== true) {
    try {
      const now = clock.now();
      const written = await ports.status.write(object, (current) => controller.profile.after(current, pass, now));
      if (written === undefined) {
        ports.queue.forget(key);
        return;
      }
    } catch (error) {
      statusError = error;
      controller.statusFailed?.(object);
    }
  }
  requeue(key, outcome, statusError, ports);

  const { logLines } = controller;
  if (logLines !== undefined && statusError === undefined && outcome.kind !== "done") {
    const { kind, message: error } = outcome;
    logLines.failed(ports.plainLog, key, { error, retries: kind !== "stalled" });
    return;
  }
  const fields = { reason: outcome.reason, durationMs: clock.now() - startedAtMs };
  if (statusError !== undefined) {
    log.error("Cannot write the status", { ...fields, error: errorText(statusError) });
  } else if (outcome.kind === "failed" || outcome.kind === "stalled") {
    log.error(`Reconcile ${outcome.kind}`, { ...fields, error: outcome.message });
  } else {
    // An event has its own line already.
    const isNews =
      logLines === undefined && pass.quiet !== true && (pass.events === undefined || pass.events.length === 0);
    const tell = isNews ? log.info : log.debug;
    tell(`Reconcile ${outcome.kind}`, { ...fields, message: outcome.message });
  }
}

/** Labels of one object's series of `gotk_reconcile_duration_seconds`. */
export function durationLabels(
  controller: KindController<never>,
  object: KubeObject,
): Readonly<Record<string, string>> {
  const { name = "", namespace = "" } = object.metadata;
  return { kind: controller.resource.kind, name, namespace };
}

function requeue(key: string, outcome: Outcome, statusError: unknown, { queue }: ReportPorts): void {
  if (statusError !== undefined) {
    queue.retry(key);
    return;
  }
  if (outcome.kind === "failed") {
    if (outcome.retryAfterMs === undefined) queue.retry(key);
    else queue.addAfter(key, outcome.retryAfterMs);
    return;
  }
  queue.forget(key);
  if (outcome.kind === "waiting") queue.addAfter(key, outcome.retryAfterMs);
  if (outcome.kind === "done" && outcome.requeueAfterMs !== undefined) queue.addAfter(key, outcome.requeueAfterMs);
}

function automaticEvents(outcome: Outcome): readonly EventNote[] {
  if (outcome.kind !== "failed" && outcome.kind !== "stalled") return [];
  return [{ type: "Warning", reason: outcome.reason, message: outcome.message }];
}
