import { createSecureContext, type SecureContext } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import type { Dispatcher } from "undici";
import { createClient } from "./client.ts";
import type { ClusterConfig } from "./config/cluster-config.ts";
import { KubeError } from "./errors.ts";
import type { KubeClient } from "./port.ts";
import { tokenBucket } from "./rate.ts";
import type { RetryPolicy } from "./retry.ts";
import { systemClock } from "./system-clock-adapter.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
import { messageOf, wireError } from "./wire-error.ts";

export interface KubeClientOptions {
  /** Default `sealkit`. */
  readonly userAgent?: string;
  /** Requests a second, as client-go counts them; 0 or less (the default) is no limit. */
  readonly qps?: number;
  readonly burst?: number;
  /** Connections for short calls. Default 16. */
  readonly connections?: number;
  readonly idleTimeoutMs?: number;
  readonly retries?: RetryPolicy;
}

const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS = 16;

/** A client of the cluster that `config` names. Nothing is connected before the first call. */
export function createKubeClient(config: ClusterConfig, options: KubeClientOptions = {}): KubeClient {
  return createClient({
    transport: createHttpTransport(config, options),
    clock: systemClock,
    userAgent: options.userAgent ?? "sealkit",
    throttle: tokenBucket(systemClock, { qps: options.qps ?? 0, burst: options.burst ?? 1 }),
    ...(options.retries === undefined ? {} : { retries: options.retries }),
    ...(options.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: options.idleTimeoutMs }),
  });
}

/** The wire over undici: keep-alive connections, TLS, client certificates. undici is loaded by the first request. */
function createHttpTransport(config: ClusterConfig, options: { readonly connections?: number } = {}): Transport {
  const server = serverUrl(config);
  const prefix = server.pathname.replace(/\/+$/, "");
  let pools: Promise<Pools> | undefined;

  const send = async (request: TransportRequest, credentials: Headers): Promise<TransportResponse> => {
    pools ??= openPools(config, server, options.connections ?? CONNECTIONS);
    const { calls, streams } = await pools;
    const url = `${server.origin}${prefix}${request.path}`;
    try {
      const response = await (request.stream === true ? streams : calls).request({
        origin: server.origin,
        path: prefix + request.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: headersOf(request.headers, credentials),
        body: request.body ?? null,
        signal: request.signal ?? null,
        headersTimeout: request.headersTimeoutMs ?? request.idleTimeoutMs,
        bodyTimeout: request.idleTimeoutMs,
      });
      return {
        status: response.statusCode,
        headers: flat(response.headers),
        body: guarded(response.body, request.method, url),
      };
    } catch (error) {
      throw wireError(error, request.method, url);
    }
  };

  return {
    async send(request) {
      const credentials = await config.authorize(false);
      const response = await send(request, credentials);
      if (response.status !== 401) return response;
      const renewed = await config.authorize(true);
      // The same token would be refused again.
      if (isDeepStrictEqual(renewed, credentials)) return response;
      for await (const _ of response.body);
      return send(request, renewed);
    },
    async close() {
      const open = await pools?.catch(() => undefined);
      await Promise.all([open?.calls.destroy(), open?.streams.destroy()]);
    },
  };
}

/** One header for each of several values: the API server takes a list in one header for a single, odd name. */
type Headers = Readonly<Record<string, string | string[]>>;

/**
 * A request that acts as somebody names that one itself. Whom the configuration acts as must not take that place, nor
 * lend its groups.
 */
function headersOf(own: Headers, credentials: Headers): Headers {
  if (own["impersonate-user"] === undefined) return { ...own, ...credentials };
  const login = Object.entries(credentials).filter(([name]) => !name.toLowerCase().startsWith("impersonate-"));
  return { ...own, ...Object.fromEntries(login) };
}

interface Pools {
  readonly calls: Dispatcher;
  readonly streams: Dispatcher;
}

async function openPools(config: ClusterConfig, server: URL, connections: number): Promise<Pools> {
  const { Agent, ProxyAgent } = await import("undici");
  const tls = {
    timeout: CONNECT_TIMEOUT_MS,
    rejectUnauthorized: config.insecureSkipTlsVerify !== true,
    // Made once: reading certificates anew for every connection costs milliseconds each time.
    secureContext: secureContextOf(config, server),
    ...(config.tlsServerName === undefined ? {} : { servername: config.tlsServerName }),
  };
  const keepAlive = { keepAliveTimeout: 30_000, keepAliveMaxTimeout: 300_000 };
  const { proxyUrl } = config;
  const open = (limit: number | null): Dispatcher =>
    proxyUrl === undefined
      ? new Agent({
          connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 },
          connections: limit,
          ...keepAlive,
        })
      : new ProxyAgent({
          uri: proxyUrl,
          requestTls: tls,
          // What goes over http is handed to the proxy to fetch; only https needs a tunnel through it.
          proxyTunnel: server.protocol === "https:",
          connections: limit,
          ...keepAlive,
        });
  return { calls: open(connections), streams: open(null) };
}

/** @throws {KubeError} `KUBE_TLS` when a certificate or key of the kubeconfig is no PEM. */
function secureContextOf(config: ClusterConfig, server: URL): SecureContext {
  try {
    return createSecureContext({
      ...(config.ca === undefined ? {} : { ca: config.ca }),
      ...(config.clientCertificate === undefined ? {} : { cert: config.clientCertificate }),
      ...(config.clientKey === undefined ? {} : { key: config.clientKey }),
    });
  } catch (cause) {
    throw new KubeError("KUBE_TLS", `Cannot reach ${server.origin}: the TLS settings are not usable`, {
      details: [messageOf(cause)],
      cause,
      hints: ["check certificate-authority, client-certificate and client-key of your kubeconfig"],
    });
  }
}

function serverUrl(config: ClusterConfig): URL {
  const url = safeUrl(config.server);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new KubeError("KUBE_CONFIG_BROKEN", "Cannot reach the API server: its address is no http or https URL", {
      hints: ["set it with: kubectl config set-cluster NAME --server=https://HOST:PORT"],
    });
  }
  return url;
}

function safeUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

async function* guarded(body: AsyncIterable<Uint8Array>, method: string, url: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw wireError(error, method, url);
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return result;
}
