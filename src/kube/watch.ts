import type { KubeObject } from "../objects/index.ts";
import { apiError, watchError } from "./api-status.ts";
import type { Clock } from "./clock.ts";
import { KubeError } from "./errors.ts";
import { limits } from "./limits.ts";
import { collect, lines, text } from "./lines.ts";
import { acceptFor, completed } from "./list.ts";
import { collectionPath, query } from "./paths.ts";
import type { ApiResource, WatchEvent, WatchOptions } from "./port.ts";
import type { Transport } from "./transport.ts";

interface WireEvent<T> {
  readonly type?: unknown;
  readonly object?: T;
}

/** The server ends a watch after this long, spread so that the watches of one program do not all renew at once. */
const LIFETIME_SECONDS = { least: 240, spread: 120 };
/** A healthy server sends a bookmark about once a minute; three silent ones mean the connection is dead. */
const SILENCE_MS = 195_000;

/** One watch connection; see `KubeClient.watch`. */
export async function* openWatch<T extends KubeObject>(
  resource: ApiResource,
  options: WatchOptions,
  wire: {
    readonly transport: Transport;
    readonly clock: Clock;
    readonly headers: Readonly<Record<string, string>>;
    /** A server begins its answer at once, even when it has nothing to tell for long. */
    readonly headersTimeoutMs: number;
  },
): AsyncGenerator<WatchEvent<T>> {
  const { labelSelector, fieldSelector, resourceVersion, signal } = options;
  const what = `watch ${resource.plural}`;
  const timeoutSeconds =
    options.timeoutSeconds ?? Math.round(LIFETIME_SECONDS.least + LIFETIME_SECONDS.spread * wire.clock.random());
  const response = await wire.transport.send({
    method: "GET",
    path:
      collectionPath(resource, options.namespace) +
      query({ watch: 1, allowWatchBookmarks: true, resourceVersion, timeoutSeconds, labelSelector, fieldSelector }),
    headers: { ...wire.headers, accept: acceptFor(options, "watch") },
    signal,
    idleTimeoutMs: SILENCE_MS,
    headersTimeoutMs: wire.headersTimeoutMs,
    stream: true,
  });
  if (response.status >= 400) {
    throw apiError(what, { ...response, text: text(await collect(response.body, limits.maxBodyBytes)) });
  }
  for await (const line of lines(response.body, limits.maxLineBytes)) {
    if (signal.aborted) return;
    yield eventOf<T>(line, resource, options, what);
  }
}

function eventOf<T extends KubeObject>(
  line: string,
  resource: ApiResource,
  options: WatchOptions,
  what: string,
): WatchEvent<T> {
  const { type, object } = parse<T>(line, what);
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      if (typeof object?.metadata?.name !== "string") throw broken(what);
      return { type, object: completed(resource, object, options) };
    case "BOOKMARK":
      return { type, resourceVersion: object?.metadata.resourceVersion ?? "" };
    case "ERROR":
      throw watchError(what, object);
    default:
      throw broken(what);
  }
}

function parse<T>(line: string, what: string): WireEvent<T> {
  try {
    return JSON.parse(line) as WireEvent<T>;
  } catch {
    throw broken(what);
  }
}

function broken(what: string): KubeError {
  return new KubeError("KUBE_PROTOCOL", `Cannot ${what}: a line of the stream is no watch event`);
}
