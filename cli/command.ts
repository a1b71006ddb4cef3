import type { Io } from "./io.ts";

/** The headings of `sealkit` without arguments, in order. */
export type CommandGroup = "Seal" | "Encrypt" | "Sync" | "Keys" | "Try it out" | "More";

/**
 * One word after `sealkit`. The table in `commands.ts` holds these light values; `load` imports the code when the
 * command is really wanted, so that starting `sealkit kubeseal` never pays for the controller.
 */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: CommandGroup;
  readonly load: () => Promise<CommandRunner>;
}

export interface CommandRunner {
  /** `args` are the words after the command's name. Returns the exit code; throws `ToolkitError` for expected failures. */
  run(args: readonly string[], io: Io): Promise<number>;
  /** Words to offer after `words` when the shell asks (last one may be partial). */
  complete?(words: readonly string[]): Promise<readonly string[]> | readonly string[];
}
