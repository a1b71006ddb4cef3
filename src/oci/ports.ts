/** What a registry client may know of the outside; redirects are followed by the client itself, never by `fetch`. */
export interface OciPorts {
  readonly fetch: (
    url: string,
    init: {
      readonly method: string;
      readonly headers: Record<string, string>;
      readonly body?: string | Uint8Array<ArrayBuffer>;
      readonly redirect: "manual";
      readonly signal: AbortSignal;
    },
  ) => Promise<OciResponse>;
  readonly signal?: AbortSignal | undefined;
}

export interface OciResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

/** Who asks a registry. Secret. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}
