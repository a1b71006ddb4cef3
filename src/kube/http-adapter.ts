import type { Dispatcher } from "undici";
import { createClient } from "./client.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { KubeError } from "./errors.ts";
import type { KubeClient } from "./port.ts";
import { tokenBucket } from "./rate.ts";
import type { RetryPolicy } from "./retry.ts";
import { systemClock } from "./system-clock-adapter.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

export interface KubeClientOptions {
  /** Default `sealkit`. */
  readonly userAgent?: string;
  /** Requests a second, as client-go counts them; 0 or less (the default) is no limit. */
  readonly qps?: number;
  readonly burst?: number;
  /** Connections for short calls. Default 32. */
  readonly connections?: number;
  readonly idleTimeoutMs?: number;
  readonly retries?: RetryPolicy;
}

const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS = 32;

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

  const send = async (request: TransportRequest, refresh: boolean): Promise<TransportResponse> => {
    pools ??= openPools(config, server, options.connections ?? CONNECTIONS);
    const [{ calls, streams }, credentials] = await Promise.all([pools, config.authorize(refresh)]);
    const url = `${server.origin}${prefix}${request.path}`;
    try {
      const response = await (request.stream === true ? streams : calls).request({
        origin: server.origin,
        path: prefix + request.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: { ...request.headers, ...credentials },
        body: request.body ?? null,
        signal: request.signal ?? null,
        headersTimeout: request.idleTimeoutMs,
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
      const response = await send(request, false);
      if (response.status !== 401) return response;
      for await (const _ of response.body);
      return send(request, true);
    },
    async close() {
      const open = await pools?.catch(() => undefined);
      await Promise.all([open?.calls.destroy(), open?.streams.destroy()]);
    },
  };
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
    ...(config.ca === undefined ? {} : { ca: config.ca }),
    ...(config.clientCertificate === undefined ? {} : { cert: config.clientCertificate }),
    ...(config.clientKey === undefined ? {} : { key: config.clientKey }),
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
      : new ProxyAgent({ uri: proxyUrl, requestTls: tls, connections: limit, ...keepAlive });
  try {
    return { calls: open(connections), streams: open(null) };
  } catch (cause) {
    throw new KubeError("KUBE_TLS", `Cannot reach ${server.origin}: the TLS settings are not usable`, {
      details: [messageOf(cause)],
      cause,
      hints: ["check certificate-authority, client-certificate and client-key of your kubeconfig"],
    });
  }
}

function serverUrl(config: ClusterConfig): URL {
  const url = URL.parse?.(config.server) ?? safeUrl(config.server);
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

const NOT_SENT: readonly string[] = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
];

function wireError(error: unknown, method: string, url: string): KubeError {
  if (error instanceof KubeError) return error;
  const code = codeOf(error);
  const origin = new URL(url).origin;
  const what = `Cannot reach ${origin}`;
  const verb = `${method.charAt(0)}${method.slice(1).toLowerCase()}`;
  const go = (cause: string) => `${verb} "${url}": ${cause}`;
  if (code === "ABORT_ERR" || code === "UND_ERR_ABORTED" || (error instanceof Error && error.name === "AbortError")) {
    return new KubeError("KUBE_ABORTED", `Cannot finish the request to ${origin}: it was given up`, { cause: error });
  }
  if (NOT_SENT.includes(code)) {
    const address = addressOf(error, origin);
    return new KubeError("KUBE_UNREACHABLE", `${what}: ${plain(code)}`, {
      apiMessage: go(`dial tcp ${address}: ${goCause(code)}`),
      cause: error,
      hints: ["check that the cluster runs, and which one is meant: kubectl config view --minify"],
    });
  }
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT" || code === "ETIMEDOUT") {
    return new KubeError("KUBE_TIMEOUT", `${what}: it did not answer in time`, {
      apiMessage: go("context deadline exceeded"),
      cause: error,
    });
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|ERR_OSSL/.test(code)) {
    return new KubeError("KUBE_TLS", `${what}: its certificate was not accepted (${code})`, {
      apiMessage: go(`tls: failed to verify certificate: ${messageOf(error)}`),
      cause: error,
      hints: ["check certificate-authority and tls-server-name of your kubeconfig"],
    });
  }
  return new KubeError("KUBE_CUT", `${what}: the connection broke (${code === "" ? messageOf(error) : code})`, {
    apiMessage: go("EOF"),
    cause: error,
  });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause === undefined ? "" : codeOf(error.cause);
}

function addressOf(error: unknown, origin: string): string {
  if (error instanceof AggregateError && error.errors.length > 0) return addressOf(error.errors[0], origin);
  if (error instanceof Error && "address" in error && "port" in error) return `${error.address}:${error.port}`;
  return new URL(origin).host;
}

function plain(code: string): string {
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its name is not known";
  if (code === "UND_ERR_CONNECT_TIMEOUT") return "no connection in time";
  return "there is no way to it";
}

function goCause(code: string): string {
  if (code === "ECONNREFUSED") return "connect: connection refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "lookup: no such host";
  return code === "UND_ERR_CONNECT_TIMEOUT" ? "i/o timeout" : "connect: no route to host";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
