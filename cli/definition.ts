import type { CommandRunner } from "./command.ts";
import type { FlagDefinition, FlagValues } from "./flag.ts";
import type { Io } from "./io.ts";

export type FlagTable = Readonly<Record<string, FlagDefinition<unknown>>>;

/** An example of the help page: a remark and a line that can be pasted. */
export interface Example {
  readonly what: string;
  readonly command: string;
}

/** One command of ours. Flags are a typed table, so that what `run` gets and what the help says cannot disagree. */
export interface CommandDefinition<Flags extends FlagTable> {
  /** As typed after `sealkit`, e.g. `keys list`. */
  readonly name: string;
  /** One sentence without a full stop: what a person gets from it. */
  readonly summary: string;
  /** More to know, after the examples. */
  readonly description?: string;
  /** Shown as they are in the usage line, e.g. `[FILE...]`. */
  readonly positionals?: { readonly usage: string; readonly min?: number; readonly max?: number };
  readonly examples: readonly Example[];
  /** Names in camel case; on the command line in kebab case. */
  readonly flags: Flags;
  /** Read the command line by the rules of Go's pflag (`--flag=false`): the command takes another tool's flags. */
  readonly goFlags?: boolean;
  /** Words to offer for a positional argument. */
  readonly completeArgument?: (args: readonly string[]) => readonly string[];
  /** Returns the exit code. Throws `ToolkitError` for what is expected to happen. */
  readonly run: (context: {
    readonly flags: FlagValues<Flags>;
    readonly args: readonly string[];
    readonly io: Io;
  }) => Promise<number>;
}

/** A command that only holds others, e.g. `sealkit keys`: each is loaded when it is called. */
export interface GroupDefinition {
  readonly name: string;
  readonly summary: string;
  readonly commands: Readonly<
    Record<string, { readonly summary: string; readonly load: () => Promise<CommandRunner> }>
  >;
}

/** `outputFile` to `output-file`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
