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

/** Who asks a registry. Secret, but for names. */
export type RegistryLogin =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** To be exchanged for tokens of one repository: what a login by browser leaves. */
  | { readonly kind: "identity token"; readonly token: string }
  /** Taken as it is. */
  | { readonly kind: "registry token"; readonly token: string };

/**
 * Starts `docker-credential-NAME get` with the name of a registry as its input, without a shell, in bounded time.
 * `problem` is one clause, such as `docker-credential-pass cannot be started: ENOENT`, and never what it printed.
 */
export type CredentialHelper = (
  name: string,
  server: string,
) => Promise<
  | { readonly kind: "ended"; readonly status: number; readonly stdout: Uint8Array }
  | { readonly kind: "failed"; readonly problem: string }
>;
