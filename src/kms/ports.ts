/** What the key services may know of the outside. `systemPorts` makes the real one; tests pass their own. */
export interface KmsPorts {
  readonly fetch: Fetch;
  /** The same with other certificates, through another proxy, or to a socket of this machine. */
  fetchWith(settings: ConnectionSettings): Fetch;
  /** A variable of the environment; an empty one is as good as none. */
  env(name: string): string | undefined;
  /** The bytes of a file; undefined when there is none, it is a folder, is too long, or may not be read. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /**
   * The paths of the files in a folder and below, sorted; the path of a file is its own list. `missing` when there is no
   * such thing; `too-many` beyond a thousand. Links to folders are not followed. Absent where folders may not be read.
   */
  listFiles?(path: string): Promise<readonly string[] | "missing" | "too-many">;
  /** The home folder of the user, absolute. */
  readonly home: string;
  readonly hostname: string;
  now(): Date;
  readonly timers: Timers;
  /** Starts a program, without a shell, and waits for what it prints. Absent where no programs may be started. */
  run?(line: string, options?: RunOptions): Promise<ProgramOutcome>;
  /** Ends whatever is under way. */
  readonly signal?: AbortSignal | undefined;
}

export interface RunOptions {
  /** The program is ended then; default a minute. */
  readonly timeoutMs?: number | undefined;
  /** Variables besides those that we have ourselves. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Nobody sits there to be asked: it gets no terminal, and what it complains of is kept instead of shown. */
  readonly isUnattended?: boolean | undefined;
}

/**
 * `problem` is one clause: `aws-vault ended with exit status 1`, never what the program printed. `complaint` is the
 * beginning of its standard error, where that was kept.
 */
export type ProgramOutcome =
  | { readonly kind: "ended"; readonly stdout: Uint8Array }
  | { readonly kind: "failed"; readonly problem: string; readonly complaint?: string | undefined };

/** Pauses and chance, for time limits and retries. */
export interface Timers {
  /** A number in [0, 1). */
  random(): number;
  /** Calls `run` once after `delayMs`; the result cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** The part of the standard `fetch` that is used: `globalThis.fetch` fits. Redirects are never followed. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string | Uint8Array<ArrayBuffer>;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<FetchResponse>;

export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ResponseBody | null;
}

/** The part of a stream of bytes that is used. */
export interface ResponseBody {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

/** How a server is reached. */
export interface ConnectionSettings extends TlsSettings {
  /** The address of a proxy, http or https, that everything goes through; it may hold a password. */
  readonly proxy?: string | undefined;
  /** A socket of this machine that is asked, whatever the address says. */
  readonly socketPath?: string | undefined;
}

/** How a server proves who it is, and we to it. All in PEM. */
export interface TlsSettings {
  /** Certificates to trust instead of the usual ones. */
  readonly ca?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  /** The name that the certificate has to have, where it is not that of the address. */
  readonly serverName?: string | undefined;
  /** Believes any certificate: only where the user said so. */
  readonly insecure?: boolean | undefined;
}
