import type { ApiResource, BackoffOptions, Change, Clock, Indexer, KubeClient, ReadStore } from "../src/kube/index.ts";
import type { KubeObject } from "../src/objects/index.ts";
import type { Log } from "./log.ts";
import type { Pass } from "./pass.ts";
import type { StatusProfile } from "./status/profile.ts";

/**
 * One kind of object and how it is reconciled. The manager watches `resource` and what `watches` names, queues keys,
 * calls `reconcile` for one object at a time, and hands the result to `report.ts`. A controller never writes its
 * object's status, events of its own, metrics of the pass or a requeue itself.
 */
export interface KindController<T extends KubeObject = KubeObject> {
  /** As in `--controllers`, in logs and metrics, e.g. `sealedsecret`. */
  readonly name: string;
  readonly resource: ApiResource;
  /** `source.component` of events, e.g. `kustomize-controller`. */
  readonly eventSource: string;
  /** Passes at the same time. */
  readonly concurrency: number;
  /** How an outcome becomes `status`: `readyProfile` for the Flux kinds. */
  readonly profile: StatusProfile;
  /** Pauses after `failed`. Default: 750 ms up to 15 minutes. */
  readonly backoff?: BackoffOptions;
  /** Ways to find objects in `PassContext.objects` other than by key. */
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  /** Other resources whose changes concern this kind. */
  readonly watches?: readonly Watch<T>[];
  /** Whether `gotk_reconcile_duration_seconds` is kept for each object, as the Flux kinds have it. */
  readonly perObjectDuration?: boolean;
  /** Restricts which objects are seen, as `kubectl get -l` does. */
  readonly labelSelector?: string;
  /**
   * Whether an update of an object calls for a pass. Default: its generation moved, it is being deleted, or
   * `reconcile.fluxcd.io/requestedAt` changed; so never for our own status writes.
   */
  readonly changed?: (before: T, after: T) => boolean;
  /**
   * One pass. `object` is shared and read-only. What it throws is a failure with reason `Failed`: foresee it and
   * return an outcome instead.
   */
  reconcile(object: T, context: PassContext<T>): Promise<Pass>;
  /** Other reasons to look at objects again than those that `watches` brings. Called once, before the first pass. */
  subscribe?(enqueue: (key: string) => void): void;
  /** The status of an object could not be written. */
  statusFailed?(object: T): void;
  /** The object no longer exists; `last` is what was known of it. */
  gone?(key: string, last: T): void;
  /** Lines of the log in the words of a program that this kind stands in for; absent: our own. */
  readonly logLines?: LogLines;
}

/** What is logged about an object by its key, `namespace/name`. */
export interface LogLines {
  /** A pass begins. */
  begins(log: Log, key: string): void;
  /** An update of the object calls for no pass. */
  unchanged(log: Log, key: string): void;
  /** A pass failed; `retries` tells whether another follows by itself. */
  failed(log: Log, key: string, failure: { readonly error: string; readonly retries: boolean }): void;
}

export interface Watch<Own extends KubeObject = KubeObject> {
  readonly resource: ApiResource;
  readonly labelSelector?: string;
  /** Only `metadata` is fetched and kept: enough to know that something came, changed or went. */
  readonly metadataOnly?: boolean;
  /** What is kept of each object, when that is less than was fetched. */
  readonly keep?: (object: KubeObject) => KubeObject;
  /** The keys of our own objects that this change concerns. `own` holds them all. */
  readonly affected: (change: Change<KubeObject>, own: ReadStore<Own>) => readonly string[];
  /**
   * The keys to look at again after a break of the watch that the server did not remember. What we made ourselves before
   * it and somebody deleted within it leaves no trace in the changes.
   */
  readonly afterBreak?: (theirs: ReadStore<KubeObject>, own: ReadStore<Own>) => readonly string[];
}

export interface PassContext<T extends KubeObject = KubeObject> {
  readonly key: string;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the program has to stop now; end the pass soon, and leave everything so that it can be repeated. */
  readonly signal: AbortSignal;
  /** Failures of this object in a row before this pass. */
  readonly failures: number;
  /** All objects of this kind. */
  readonly objects: ReadStore<T>;
  /** What was seen of a resource that `watches` names; undefined for others. */
  watched(resource: ApiResource): ReadStore<KubeObject> | undefined;
  /**
   * Shows in the status, while the pass still runs, what is going on (Reconciling, and Ready Unknown). Later passes and
   * `Pass.status` build on it.
   */
  progress(message: string, reason?: string): Promise<void>;
}
