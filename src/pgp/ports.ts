/** What PGP may know of the outside. `systemPgpPorts` makes the real one; tests pass their own. */
export interface PgpPorts {
  /** A variable of the environment. */
  env(name: string): string | undefined;
  /** The home folder of the user, absolute. */
  readonly home: string;
  /** The bytes of a file; undefined when there is none or it cannot be read. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Runs a program, without a shell, and waits for its end. */
  run(program: string, args: readonly string[], stdin: Uint8Array): Promise<ProgramEnd>;
}

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: "not started"; readonly reason: string }
  | {
      readonly kind: "ended";
      /** Undefined when a signal or the time limit ended it, or it said too much. */
      readonly code: number | undefined;
      readonly stdout: Uint8Array;
      readonly stderr: string;
      /** What it wrote to file descriptor 3. */
      readonly status: string;
    };
