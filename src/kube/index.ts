export { type BackoffOptions, backoffMs } from "./backoff.ts";
export { type ClientOptions, createClient } from "./client.ts";
export { type Clock, sleep, stopwatch } from "./clock.ts";
export type { ClusterConfig } from "./config/cluster-config.ts";
export { inClusterConfig, serviceAccountNamespace } from "./config/in-cluster-adapter.ts";
export {
  type ClusterAddress,
  type ClusterSelection,
  clusterAddress,
  contextNamespace,
  loadClusterConfig,
} from "./config/kubeconfig-adapter.ts";
export { isGone, isReason, KubeError, type KubeErrorCode, type KubeErrorContext } from "./errors.ts";
export { createKubeClient, type KubeClientOptions } from "./http-adapter.ts";
export { apiVersionOf, collectionPath, describe, objectPath } from "./paths.ts";
export type {
  ApiResource,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectKey,
  PatchOptions,
  RawRequest,
  RawResponse,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./port.ts";
export { type Throttle, tokenBucket } from "./rate.ts";
export { type Change, type Reflector, type ReflectorOptions, startReflector } from "./reflector.ts";
export { defaultRetryPolicy, noRetries, type RetryPolicy } from "./retry.ts";
export { type Indexer, keyOf, type ReadStore, Store, splitKey } from "./store.ts";
export { systemClock } from "./system-clock-adapter.ts";
export type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
