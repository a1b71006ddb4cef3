/** Where an API server is and how to talk to it; what a kubeconfig or a service account boils down to. */
export interface ClusterConfig {
  /** `https://host:port`, perhaps with a path prefix. */
  readonly server: string;
  /** PEM certificates that the server's must descend from; the system's when absent. */
  readonly ca?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  /** Name to expect in the server's certificate instead of the host's. */
  readonly tlsServerName?: string | undefined;
  /** PEM client certificate and key. */
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly proxyUrl?: string | undefined;
  /**
   * Headers that prove who we are, asked for before every request. `refresh` is set after a 401: what was remembered
   * must be fetched anew.
   */
  readonly authorize: (refresh: boolean) => Promise<Readonly<Record<string, string | string[]>>>;
  /** Namespace of the context, or of the service account. */
  readonly namespace?: string | undefined;
}
