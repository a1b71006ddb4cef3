import {
  type ApiResource,
  type Change,
  type Clock,
  type Indexer,
  type KubeClient,
  type ReadStore,
  type Reflector,
  splitKey,
  startReflector,
} from "../src/kube/index.ts";
import type { KubeObject } from "../src/objects/index.ts";
import { errorText } from "./error-text.ts";
import type { Log } from "./log.ts";

export interface WatchRequest<T extends KubeObject> {
  readonly resource: ApiResource;
  readonly labelSelector?: string | undefined;
  readonly metadataOnly?: boolean | undefined;
  readonly keep?: ((object: T) => T) | undefined;
  readonly indexers?: Readonly<Record<string, Indexer<T>>> | undefined;
  readonly onChange: (change: Change<T>) => void;
  readonly onRelist?: (() => void) | undefined;
}

export interface Watched<T extends KubeObject> {
  readonly store: ReadStore<T>;
  readonly synced: Promise<void>;
}

/** Mirrors one resource, in all namespaces or in those that are named: one watch for each of these. */
export function mirror<T extends KubeObject>(
  request: WatchRequest<T>,
  ports: {
    readonly client: KubeClient;
    readonly clock: Clock;
    readonly log: Log;
    readonly namespaces?: readonly string[] | undefined;
  },
  signal: AbortSignal,
): Watched<T> {
  const { resource, indexers, metadataOnly, keep, labelSelector, onChange, onRelist } = request;
  const log = ports.log.with({ resource: resource.plural });
  const open = (namespace: string | undefined) =>
    startReflector<T>(
      {
        client: ports.client,
        clock: ports.clock,
        resource,
        namespace,
        labelSelector,
        onChange,
        onError: (error, retryInMs) =>
          log.warn("Watch interrupted", {
            namespace,
            retryInMs: Math.round(retryInMs),
            error: errorText(error),
          }),
        ...(onRelist === undefined ? {} : { onRelist }),
        ...(metadataOnly === undefined ? {} : { metadataOnly }),
        ...(keep === undefined ? {} : { keep }),
        ...(indexers === undefined ? {} : { indexers }),
      },
      signal,
    );
  if (ports.namespaces === undefined || !resource.namespaced) {
    const { store, synced } = open(undefined);
    return { store, synced };
  }
  const parts = new Map(ports.namespaces.map((namespace) => [namespace, open(namespace)]));
  return {
    store: joined(parts),
    synced: Promise.all([...parts.values()].map((part) => part.synced)).then(() => undefined),
  };
}

function joined<T extends KubeObject>(parts: ReadonlyMap<string, Reflector<T>>): ReadStore<T> {
  const stores = [...parts.values()].map((part) => part.store);
  return {
    get: (key) => parts.get(splitKey(key).namespace ?? "")?.store.get(key),
    keys: () => stores.flatMap((store) => store.keys()),
    values: () => stores.flatMap((store) => store.values()),
    by: (index, value) => stores.flatMap((store) => store.by(index, value)),
    get size() {
      return stores.reduce((sum, store) => sum + store.size, 0);
    },
  };
}
