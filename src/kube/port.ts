import type { KubeObject } from "../objects/index.ts";

/** A resource of the API: enough to build its URLs. `group` is `""` for the core group. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface ObjectKey {
  /** Absent or `""` for cluster-scoped objects. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects per page; the client follows `continue` until the end. Default 500. */
  readonly pageSize?: number | undefined;
  /** Only `metadata` of each object travels and is returned, whatever the kind. */
  readonly metadataOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions {
  readonly fieldManager?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PatchOptions extends WriteOptions {
  /** `apply` is server-side apply. */
  readonly type: "json" | "merge" | "strategic" | "apply";
  readonly force?: boolean | undefined;
  readonly subresource?: string | undefined;
}

export interface DeleteOptions {
  readonly propagation?: "Background" | "Foreground" | "Orphan" | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface WatchOptions extends Omit<ListOptions, "pageSize"> {
  /** Where a list or an earlier event left off. */
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
  /** How long the server should keep the watch. Default: a random time around five minutes. */
  readonly timeoutSeconds?: number | undefined;
}

/**
 * The Kubernetes API as the rest of sealkit sees it. Every call throws `KubeError` (see errors.ts of this area) whose
 * `status` is the HTTP status and whose `reason` is the API's (`Conflict`, `AlreadyExists`, `Invalid`, ...).
 */
export interface KubeClient {
  /** The live object, or undefined when it (or its whole resource) does not exist. */
  get<T extends KubeObject>(resource: ApiResource, key: ObjectKey, signal?: AbortSignal): Promise<T | undefined>;
  /** Everything that matches, all pages; `resourceVersion` is where a watch may start. */
  list<T extends KubeObject>(
    resource: ApiResource,
    options?: ListOptions,
  ): Promise<{ items: T[]; resourceVersion: string }>;
  create<T extends KubeObject>(resource: ApiResource, object: T, options?: WriteOptions): Promise<T>;
  /** Full replacement (PUT); optimistic when the object carries a resourceVersion. */
  update<T extends KubeObject>(
    resource: ApiResource,
    object: T,
    options?: WriteOptions & { subresource?: string },
  ): Promise<T>;
  patch<T extends KubeObject>(resource: ApiResource, key: ObjectKey, body: unknown, options: PatchOptions): Promise<T>;
  /** False when there was nothing to delete. */
  delete(resource: ApiResource, key: ObjectKey, options?: DeleteOptions): Promise<boolean>;
  /** One watch connection, until the server or `signal` ends it. 410 surfaces as `KubeError` with status 410. */
  watch<T extends KubeObject>(resource: ApiResource, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** The resource that serves this kind, from cached discovery; undefined when the server has none. */
  resourceFor(apiVersion: string, kind: string): Promise<ApiResource | undefined>;
  /**
   * Any other request, e.g. through the service proxy. Does not throw on a status of 400 or above. An answer of 429
   * that says when to come back is waited out, as the Go clients do; the eleventh is returned.
   */
  raw(request: RawRequest): Promise<RawResponse>;
  /** The same connection with the rights of another user (`Impersonate-User`). */
  impersonate(user: string): KubeClient;
  /** Ends all connections. Calls that are under way fail. */
  close(): Promise<void>;
}

export interface RawRequest {
  readonly method: string;
  /** Absolute path with query, e.g. `/api/v1/namespaces/x/services/http:y:/proxy/v1/cert.pem`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
