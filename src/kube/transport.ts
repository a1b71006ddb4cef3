/** One HTTP exchange with the API server, credentials already known to the transport. */
export interface TransportRequest {
  readonly method: string;
  /** Absolute path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Longest silence: until the headers come, and between two pieces of the body. */
  readonly idleTimeoutMs: number;
  /** Longest silence until the headers come, when that is another. */
  readonly headersTimeoutMs?: number;
  /** A watch: it gets a connection of its own, so that it never holds up short calls. */
  readonly stream?: boolean;
}

export interface TransportResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The wire. Failures are `KubeError` with `KUBE_UNREACHABLE` (nothing was sent), `KUBE_CUT`, `KUBE_TIMEOUT`,
 * `KUBE_TLS` or `KUBE_ABORTED`; a status of 400 or above is an answer, not a failure.
 */
export interface Transport {
  send(request: TransportRequest): Promise<TransportResponse>;
  close(): Promise<void>;
}
