/**
 * Everything a command may know of the outside: streams, terminal, environment, current folder, interrupts. The real
 * one is made in `main.ts`; tests pass one that captures.
 */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The word the program was called by (`sealkit`, or `kubeseal` through a symlink). */
  readonly argv0: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** Aborted on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now(): number;
}
