import type { KubeObject } from "../objects/index.ts";
import { apiError } from "./api-status.ts";
import { type Clock, sleep } from "./clock.ts";
import { discovery } from "./discovery.ts";
import { KubeError } from "./errors.ts";
import { limits } from "./limits.ts";
import { collect, text } from "./lines.ts";
import { listAll } from "./list.ts";
import { apiVersionOf, collectionPath, describe, objectPath, query } from "./paths.ts";
import type { ApiResource, KubeClient, PatchOptions, RawRequest, RawResponse, WriteOptions } from "./port.ts";
import type { Throttle } from "./rate.ts";
import { defaultRetryPolicy, type RetryPolicy, withRetries } from "./retry.ts";
import type { Transport, TransportResponse } from "./transport.ts";
import { openWatch } from "./watch.ts";

export interface ClientOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Sent as `User-Agent`; the API server's audit log shows it. */
  readonly userAgent: string;
  /** Taken before every call except watches; none by default. */
  readonly throttle?: Throttle;
  readonly retries?: RetryPolicy;
  /** Longest silence of a call. Default 30 s. */
  readonly idleTimeoutMs?: number;
  /** User whose rights count (`Impersonate-User`). */
  readonly user?: string;
}

const PATCH_TYPES: Readonly<Record<PatchOptions["type"], string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/** How often `raw` waits out a 429 that carries Retry-After. */
const RAW_WAITS = 10;
const DEFAULT_IDLE_MS = 30_000;

interface Call {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly repeatable: boolean;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** The Kubernetes API over a transport. */
export function createClient(options: ClientOptions): KubeClient {
  const { transport, clock } = options;
  const idleTimeoutMs = options.idleTimeoutMs ?? DEFAULT_IDLE_MS;
  const baseHeaders: Record<string, string> = { "user-agent": options.userAgent };
  if (options.user !== undefined) baseHeaders["impersonate-user"] = options.user;

  const exchange = async (call: Call): Promise<string> => {
    await options.throttle?.(call.signal);
    const headers: Record<string, string> = { ...baseHeaders, accept: call.accept ?? "application/json" };
    if (call.body !== undefined) headers["content-type"] = call.contentType ?? "application/json";
    const response = await transport.send({
      method: call.method,
      path: call.path,
      headers,
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      signal: call.signal,
      idleTimeoutMs,
    });
    const body = text(await collect(response.body, limits.maxBodyBytes));
    if (response.status >= 400) throw apiError(call.what, { ...response, text: body });
    return body;
  };

  const call = async <T>(request: Call): Promise<T> => {
    const { clock, retries: policy = defaultRetryPolicy } = options;
    const body = await withRetries(() => exchange(request), { clock, policy, ...request });
    return parse<T>(body, request.what);
  };

  const orMissing = async <T>(request: Call): Promise<T | undefined> => {
    try {
      return await call<T>(request);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  };

  const resourceFor = discovery(
    (path) => orMissing({ what: `discover ${path}`, method: "GET", path, repeatable: true }),
    clock,
  );

  const client: KubeClient = {
    get: (resource, key, signal) =>
      orMissing({
        what: `get ${describe(resource, key)}`,
        method: "GET",
        path: objectPath(resource, key),
        repeatable: true,
        signal,
      }),

    list: (resource, listOptions = {}) =>
      listAll(resource, listOptions, (path, accept) =>
        call({
          what: `list ${resource.plural}`,
          method: "GET",
          path,
          accept,
          repeatable: true,
          signal: listOptions.signal,
        }),
      ),

    create: <T extends KubeObject>(resource: ApiResource, object: T, write: WriteOptions = {}) =>
      call<T>({
        what: `create ${describe(resource, { ...object.metadata, name: object.metadata.name ?? object.metadata.generateName ?? "" })}`,
        method: "POST",
        path: collectionPath(resource, object.metadata.namespace) + writeQuery(write),
        body: object,
        repeatable: write.dryRun === true,
        signal: write.signal,
      }),

    update: <T extends KubeObject>(
      resource: ApiResource,
      object: T,
      write: WriteOptions & { subresource?: string } = {},
    ) => {
      const key = { namespace: object.metadata.namespace, name: object.metadata.name ?? "" };
      return call<T>({
        what: `update ${describe(resource, key)}`,
        method: "PUT",
        path: objectPath(resource, key, write.subresource) + writeQuery(write),
        body: object,
        repeatable: write.dryRun === true,
        signal: write.signal,
      });
    },

    patch: (resource, key, body, write) =>
      call({
        what: `${write.type === "apply" ? "apply" : "patch"} ${describe(resource, key)}`,
        method: "PATCH",
        path: objectPath(resource, key, write.subresource) + writeQuery(write, { force: write.force }),
        body:
          write.type === "apply"
            ? { apiVersion: apiVersionOf(resource), kind: resource.kind, ...asRecord(body) }
            : body,
        contentType: PATCH_TYPES[write.type],
        repeatable: write.type === "apply" || write.dryRun === true,
        signal: write.signal,
      }),

    delete: async (resource, key, remove = {}) => {
      const { propagation, uid, resourceVersion, signal } = remove;
      const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
      const answer = await orMissing({
        what: `delete ${describe(resource, key)}`,
        method: "DELETE",
        path: objectPath(resource, key),
        body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: propagation, preconditions },
        repeatable: true,
        signal,
      });
      return answer !== undefined;
    },

    watch: (resource, watchOptions) =>
      openWatch(resource, watchOptions, { transport, clock, headers: baseHeaders, headersTimeoutMs: idleTimeoutMs }),

    resourceFor,

    raw: async (request) => {
      for (let waits = 0; ; waits++) {
        await options.throttle?.(request.signal);
        const response = await sendRaw(transport, request, { baseHeaders, idleTimeoutMs });
        const seconds = Number(response.headers["retry-after"] ?? "none");
        if (response.status !== 429 || !(seconds >= 0) || waits >= RAW_WAITS) return response;
        await sleep(clock, Math.min(seconds * 1000, defaultRetryPolicy.longestWaitMs), request.signal);
      }
    },

    impersonate: (user) => ({ ...createClient({ ...options, user }), resourceFor }),

    close: () => transport.close(),
  };
  return client;
}

async function sendRaw(
  transport: Transport,
  request: RawRequest,
  more: { readonly baseHeaders: Readonly<Record<string, string>>; readonly idleTimeoutMs: number },
): Promise<RawResponse> {
  const response: TransportResponse = await transport.send({
    method: request.method,
    path: request.path,
    headers: { ...more.baseHeaders, ...request.headers },
    body: request.body,
    signal: request.signal,
    idleTimeoutMs: more.idleTimeoutMs,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: await collect(response.body, limits.maxBodyBytes),
  };
}

function writeQuery(write: WriteOptions, more: { readonly force?: boolean | undefined } = {}): string {
  return query({
    fieldManager: write.fieldManager,
    dryRun: write.dryRun === true ? "All" : undefined,
    force: more.force === true ? true : undefined,
  });
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("server-side apply expected an object as body");
  }
  return { ...value };
}

function parse<T>(body: string, what: string): T {
  try {
    return JSON.parse(body) as T;
  } catch {
    throw new KubeError("KUBE_PROTOCOL", `Cannot ${what}: the answer is not JSON`, {
      hints: ["check that the address in your kubeconfig is a Kubernetes API server, not a proxy's login page"],
    });
  }
}
