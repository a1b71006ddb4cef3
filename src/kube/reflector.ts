import type { KubeObject } from "../objects/index.ts";
import { backoffMs } from "./backoff.ts";
import { type Clock, sleep } from "./clock.ts";
import { isGone } from "./errors.ts";
import type { ApiResource, KubeClient } from "./port.ts";
import { type Indexer, keyOf, type ReadStore, Store } from "./store.ts";

/**
 * A change of what the cluster holds, as far as we saw it. `from` says how we learnt of it: after a break several
 * changes of one object arrive as one, and a deletion may be known only by its absence from a list.
 */
export type Change<T extends KubeObject> =
  | { readonly type: "added"; readonly key: string; readonly object: T; readonly from: "list" | "watch" }
  | {
      readonly type: "updated";
      readonly key: string;
      readonly object: T;
      readonly before: T;
      readonly from: "list" | "watch";
    }
  | { readonly type: "deleted"; readonly key: string; readonly before: T; readonly from: "list" | "watch" };

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: ApiResource;
  readonly clock: Clock;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Keep `metadata` only: for kinds of which just coming and going matters. */
  readonly metadataOnly?: boolean;
  /** What is kept of each object, when that is less than was fetched. */
  readonly keep?: (object: T) => T;
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  /** Reads everything anew this often, against changes that a watch lost. Never, when absent. */
  readonly relistEveryMs?: number;
  /** Called after the store has changed, in order. */
  readonly onChange?: (change: Change<T>) => void;
  /** Everything was read anew after a break: what came and went in between was never seen. */
  readonly onRelist?: () => void;
  /** A list or a watch failed; it goes on by itself after `retryInMs`. */
  readonly onError?: (error: unknown, retryInMs: number) => void;
}

export interface Reflector<T extends KubeObject> {
  readonly store: ReadStore<T>;
  /** Resolves after the first complete list. Never rejects: while the API fails it waits. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const BACKOFF = { baseMs: 500, capMs: 30_000 };
/** A watch that ends sooner than this without an event counts as a failure, so that a broken server is not stormed. */
const SHORT_MS = 1_000;

/**
 * Mirrors one resource into memory until `signal` aborts: list, then watch from there; bookmarks keep the place, a
 * watch that ends is resumed, and 410 (the place is gone) leads to a new list.
 */
export function startReflector<T extends KubeObject>(options: ReflectorOptions<T>, signal: AbortSignal): Reflector<T> {
  const store = new Store<T>(options.indexers);
  let hasSynced = false;
  let markSynced: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => {
    markSynced = resolve;
  });
  void follow(options, store, signal, () => {
    if (hasSynced) options.onRelist?.();
    hasSynced = true;
    markSynced();
  });
  return {
    store,
    synced,
    get hasSynced() {
      return hasSynced;
    },
  };
}

async function follow<T extends KubeObject>(
  options: ReflectorOptions<T>,
  store: Store<T>,
  signal: AbortSignal,
  synced: () => void,
): Promise<void> {
  const { client, resource, clock } = options;
  const scope = { ...options, signal };
  let failures = 0;
  const pause = async (error: unknown) => {
    failures += 1;
    const waitMs = backoffMs(failures, BACKOFF, clock);
    if (error !== undefined) options.onError?.(error, waitMs);
    await sleep(clock, waitMs, signal);
  };

  while (!signal.aborted) {
    let place: string;
    let listedAtMs: number;
    try {
      const listed = await client.list<T>(resource, scope);
      if (signal.aborted) return;
      replaceAll(options, store, listed.items);
      place = listed.resourceVersion;
      listedAtMs = clock.now();
      failures = 0;
      synced();
    } catch (error) {
      if (!signal.aborted) await pause(error);
      continue;
    }

    while (!signal.aborted) {
      const dueInMs = (options.relistEveryMs ?? Number.POSITIVE_INFINITY) - (clock.now() - listedAtMs);
      if (dueInMs <= 0) break;
      const { ended, end } = untilRelist(clock, dueInMs, signal);
      const startedAtMs = clock.now();
      let events = 0;
      try {
        for await (const event of client.watch<T>(resource, { ...scope, resourceVersion: place, signal: ended })) {
          events += 1;
          failures = 0;
          if (event.type === "BOOKMARK") {
            if (event.resourceVersion !== "") place = event.resourceVersion;
            continue;
          }
          place = event.object.metadata.resourceVersion ?? place;
          applyChange(options, store, event.object, event.type === "DELETED");
        }
        if (!ended.aborted && events === 0 && clock.now() - startedAtMs < SHORT_MS) await pause(undefined);
      } catch (error) {
        if (ended.aborted) continue;
        if (isGone(error)) break;
        await pause(error);
      } finally {
        end();
      }
    }
  }
}

/** A signal that aborts with `signal` or when the next full list is due. */
function untilRelist(clock: Clock, dueInMs: number, signal: AbortSignal): { ended: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const cancel = Number.isFinite(dueInMs) ? clock.after(dueInMs, abort) : () => undefined;
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return {
    ended: controller.signal,
    end: () => {
      cancel();
      signal.removeEventListener("abort", abort);
    },
  };
}

function replaceAll<T extends KubeObject>(options: ReflectorOptions<T>, store: Store<T>, items: readonly T[]): void {
  const present = new Set<string>();
  for (const listed of items) {
    const key = keyOf(listed);
    present.add(key);
    const item = lean(options, listed);
    const before = store.set(key, item);
    if (before === undefined) options.onChange?.({ type: "added", key, object: item, from: "list" });
    else if (before.metadata.resourceVersion !== item.metadata.resourceVersion) {
      options.onChange?.({ type: "updated", key, object: item, before, from: "list" });
    }
  }
  for (const key of store.keys()) {
    if (present.has(key)) continue;
    const before = store.delete(key);
    if (before !== undefined) options.onChange?.({ type: "deleted", key, before, from: "list" });
  }
}

function applyChange<T extends KubeObject>(
  options: ReflectorOptions<T>,
  store: Store<T>,
  sent: T,
  deleted: boolean,
): void {
  const key = keyOf(sent);
  const object = lean(options, sent);
  if (deleted) {
    const before = store.delete(key) ?? object;
    options.onChange?.({ type: "deleted", key, before, from: "watch" });
    return;
  }
  const before = store.set(key, object);
  if (before === undefined) options.onChange?.({ type: "added", key, object, from: "watch" });
  else options.onChange?.({ type: "updated", key, object, before, from: "watch" });
}

/**
 * What nothing here looks at and is often most of an object: who set which field, and kubectl's copy of the whole (which
 * for a Secret is clear text).
 */
function lean<T extends KubeObject>({ keep }: ReflectorOptions<T>, object: T): T {
  delete object.metadata["managedFields"];
  if (object.metadata.annotations?.[LAST_APPLIED] !== undefined) delete object.metadata.annotations[LAST_APPLIED];
  return keep === undefined ? object : keep(object);
}
