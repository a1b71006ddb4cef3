import {
  type ApiResource,
  type BackoffOptions,
  type Change,
  type Clock,
  collectionPath,
  type KubeClient,
  type ReadStore,
} from "../src/kube/index.ts";
import type { KubeObject } from "../src/objects/index.ts";
import type { KindController, PassContext } from "./controller.ts";
import { errorText } from "./error-text.ts";
import type { EventRecorder } from "./events.ts";
import type { Log } from "./log.ts";
import type { Histogram } from "./metrics.ts";
import type { Pass } from "./pass.ts";
import { WorkQueue, workOff } from "./queue.ts";
import { report } from "./report.ts";
import { REQUESTED_AT } from "./status/profile.ts";
import { StatusWriter } from "./status/writer.ts";
import { mirror } from "./stores.ts";

export interface KindPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly namespaces?: readonly string[] | undefined;
  readonly duration?: Histogram | undefined;
  readonly removeDuration: (object: KubeObject) => void;
  /** Ends the watches. */
  readonly watching: AbortSignal;
  /** Ends the passes that run. */
  readonly working: AbortSignal;
}

export interface RunningKind {
  /** All resources of this kind were read once. */
  readonly synced: Promise<void>;
  /** Passes may start from now on. */
  begin(): void;
  /** No pass starts any more; resolves when the last has ended. */
  end(): Promise<void>;
}

const BACKOFF: BackoffOptions = { baseMs: 750, capMs: 15 * 60_000 };

/** Watches one kind and what concerns it, and works off its queue. */
export function startKind<T extends KubeObject>(controller: KindController<T>, ports: KindPorts): RunningKind {
  const log = ports.log.with({ controller: controller.name });
  const { client, clock, namespaces } = ports;
  const queue = new WorkQueue({ clock, backoff: controller.backoff ?? BACKOFF });
  const status = new StatusWriter({ client, resource: controller.resource, profile: controller.profile });
  const changed = controller.changed ?? specChanged;

  let hasRead = false;
  const onOwnChange = (change: Change<T>) => {
    if (change.type === "deleted") {
      status.seen(change.key, undefined);
      ports.removeDuration(change.before);
      queue.forget(change.key);
      controller.gone?.(change.key, change.before);
      return;
    }
    status.seen(change.key, change.object);
    if (change.type === "updated" && change.before.metadata.uid === change.object.metadata.uid) {
      if (!changed(change.before, change.object)) {
        if (controller.logLines === undefined) log.debug("Update calls for no pass", { object: change.key });
        else controller.logLines.unchanged(ports.log, change.key);
        return;
      }
    }
    queue.forget(change.key);
    // What was there before us has waited already: what somebody changes now is looked at first.
    queue.add(change.key, hasRead ? "soon" : "backlog");
  };

  const mirrorPorts = { client, clock, log, namespaces };
  const own = mirror<T>(
    {
      resource: controller.resource,
      labelSelector: controller.labelSelector,
      indexers: controller.indexers,
      onChange: onOwnChange,
    },
    mirrorPorts,
    ports.watching,
  );
  void own.synced.then(() => {
    hasRead = true;
  });
  controller.subscribe?.((key) => {
    if (own.store.get(key) !== undefined) queue.add(key, "backlog");
  });
  const watched = new Map<string, ReadStore<KubeObject>>();
  const synced = [own.synced];
  for (const watch of controller.watches ?? []) {
    const other = mirror<KubeObject>(
      {
        resource: watch.resource,
        labelSelector: watch.labelSelector,
        metadataOnly: watch.metadataOnly,
        keep: watch.keep,
        onChange: (change) => {
          for (const key of watch.affected(change, own.store)) queue.add(key);
        },
        onRelist: () => {
          const theirs = watched.get(resourceKey(watch.resource));
          if (theirs === undefined) return;
          for (const key of watch.afterBreak?.(theirs, own.store) ?? []) queue.add(key);
        },
      },
      mirrorPorts,
      ports.watching,
    );
    watched.set(resourceKey(watch.resource), other.store);
    synced.push(other.synced);
  }

  const pass = async (key: string): Promise<void> => {
    const cached = own.store.get(key);
    if (cached === undefined) {
      queue.forget(key);
      return;
    }
    const startedAtMs = clock.now();
    let object = status.newest(cached);
    const passLog = log.with({ object: key });
    controller.logLines?.begins(ports.log, key);
    const context: PassContext<T> = {
      key,
      client,
      clock,
      log: passLog,
      signal: ports.working,
      failures: queue.failures(key),
      objects: own.store,
      watched: (resource) => watched.get(resourceKey(resource)),
      progress: async (message, reason = "Progressing") => {
        const now = clock.now();
        const written = await status
          .write(object, (current) => controller.profile.during(current, { reason, message }, now))
          .catch((error: unknown) => {
            passLog.debug("Cannot show the progress", { error: errorText(error) });
            return undefined;
          });
        object = written ?? object;
      },
    };
    const result = await attempt(controller, object, context);
    // The program ends: what the pass says about that is no news about the object.
    if (ports.working.aborted) return;
    await report(
      controller,
      { key, object, pass: result, startedAtMs },
      { ...ports, queue, status, log: passLog, plainLog: ports.log },
    );
  };

  let workers: Promise<void> = Promise.resolve();
  return {
    synced: Promise.all(synced).then(() => undefined),
    begin: () => {
      workers = workOff(queue, controller.concurrency, pass);
    },
    end: async () => {
      queue.close();
      await workers;
    },
  };
}

/** A controller that throws has met something it did not foresee: one object waits, the others go on. */
async function attempt<T extends KubeObject>(
  controller: KindController<T>,
  object: T,
  context: PassContext<T>,
): Promise<Pass> {
  try {
    return await controller.reconcile(object, context);
  } catch (error) {
    return { outcome: { kind: "failed", reason: "Failed", message: errorText(error) } };
  }
}

function specChanged(before: KubeObject, after: KubeObject): boolean {
  return (
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    before.metadata.annotations?.[REQUESTED_AT] !== after.metadata.annotations?.[REQUESTED_AT]
  );
}

function resourceKey(resource: ApiResource): string {
  return collectionPath(resource);
}
