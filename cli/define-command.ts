import type { CommandRunner } from "./command.ts";
import { type CommandDefinition, type FlagTable, type GroupDefinition, kebab } from "./definition.ts";
import { CliError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";
import type { FlagValues } from "./flag.ts";
import { commandHelp, groupHelp } from "./help.ts";
import type { Io } from "./io.ts";
import { nearestWord } from "./nearest.ts";
import { write } from "./output.ts";
import { parseOwnFlags } from "./own-flags.ts";
import { type FlagProblem, type FlagSpec, parseFlags } from "./pflag.ts";

export { flag } from "./flag.ts";

/** A command whose flags were declared in a table. The definition stays readable for help and completion. */
export interface DefinedCommand extends CommandRunner {
  help(io: Io): string;
  complete(words: readonly string[]): Promise<readonly string[]> | readonly string[];
}

/** Makes a runnable command: parses the flags, answers `--help`, completes, and calls `run` with typed values. */
export function defineCommand<const Flags extends FlagTable>(definition: CommandDefinition<Flags>): DefinedCommand {
  const flags: FlagTable = definition.flags;
  const specs = flagSpecs(flags);
  return {
    help: (io) => commandHelp(definition, io),
    complete: (words) => completeFlags(definition, specs, words),
    async run(words, io) {
      const result = definition.goFlags === true ? parseFlags(specs, words) : parseOwnFlags(specs, words);
      if (!result.ok) {
        if (result.problem.kind !== "help") throw flagError(definition.name, result.problem, specs);
        await write(io.stdout, commandHelp(definition, io));
        return EXIT.ok;
      }
      const { given, args } = result.parsed;
      checkCount(definition, args);
      const values = new Map<string, unknown>();
      for (const [key, { read, required }] of Object.entries(flags)) {
        const texts = given.get(kebab(key));
        if (texts === undefined && required) throw missingFlag(definition.name, kebab(key));
        values.set(key, read(texts));
      }
      // The table gave each key the type that its own `read` returns.
      return await definition.run({ flags: Object.fromEntries(values) as FlagValues<Flags>, args, io });
    },
  };
}

/** Makes a command of commands. */
export function defineGroup(definition: GroupDefinition): DefinedCommand {
  const names = Object.keys(definition.commands);
  return {
    help: (io) => groupHelp(definition, io),
    async complete([word = "", ...rest]) {
      if (rest.length === 0) return names.filter((name) => name.startsWith(word));
      if (!Object.hasOwn(definition.commands, word)) return [];
      const runner = await definition.commands[word]?.load();
      return (await runner?.complete?.(rest)) ?? [];
    },
    async run([word, ...args], io) {
      if (word === undefined || word === "-h" || word === "--help") {
        await write(io.stdout, groupHelp(definition, io));
        return EXIT.ok;
      }
      if (!Object.hasOwn(definition.commands, word)) throw unknownSubcommand(definition, word);
      const runner = await definition.commands[word]?.load();
      return (await runner?.run(args, io)) ?? EXIT.usage;
    },
  };
}

function flagSpecs(flags: FlagTable): FlagSpec[] {
  return Object.entries(flags).map(([key, { short, kind, check }]) => ({ name: kebab(key), short, kind, check }));
}

function completeFlags<Flags extends FlagTable>(
  { flags, completeArgument }: CommandDefinition<Flags>,
  specs: readonly FlagSpec[],
  words: readonly string[],
): readonly string[] {
  const typed = words.at(-1) ?? "";
  const before = words.at(-2) ?? "";
  const table: FlagTable = flags;
  const definitionOf = (word: string) =>
    Object.entries(table).find(([key, { short }]) => `--${kebab(key)}` === word || `-${short}` === word)?.[1];
  const equals = typed.startsWith("--") ? typed.indexOf("=") : -1;
  if (equals > 0) {
    const name = typed.slice(0, equals);
    const choices = definitionOf(name)?.choices ?? [];
    return choices.map((choice) => `${name}=${choice}`).filter((word) => word.startsWith(typed));
  }
  const wanting = definitionOf(before);
  if (wanting !== undefined && wanting.kind !== "bool") {
    return (wanting.choices ?? []).filter((choice) => choice.startsWith(typed));
  }
  if (typed.startsWith("-")) {
    return [...specs.map(({ name }) => `--${name}`), "--help"].filter((word) => word.startsWith(typed));
  }
  return (completeArgument?.(words) ?? []).filter((word) => word.startsWith(typed));
}

function checkCount(
  { name, positionals }: Pick<CommandDefinition<FlagTable>, "name" | "positionals">,
  args: readonly string[],
): void {
  const { usage, min = 0, max = 0 } = positionals ?? { usage: "" };
  const hints = [`sealkit ${name} --help`];
  if (args.length < min) {
    throw new CliError("CLI_BAD_FLAG", `Cannot run sealkit ${name}: ${usage} is missing`, { hints });
  }
  if (args.length > max) {
    const state = max === 0 ? "it takes no arguments" : `it takes at most ${max}`;
    throw new CliError("CLI_BAD_FLAG", `Cannot run sealkit ${name} with "${args[max]}": ${state}`, { hints });
  }
}

function missingFlag(command: string, flagName: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit ${command}: the flag --${flagName} is missing`, {
    hints: [`sealkit ${command} --help`],
  });
}

function flagError(command: string, problem: FlagProblem, specs: readonly FlagSpec[]): CliError {
  const help = `sealkit ${command} --help`;
  switch (problem.kind) {
    case "unknown": {
      const names = specs.map(({ name }) => `--${name}`);
      const nearest = problem.word.startsWith("--") ? nearestWord(problem.word, names) : undefined;
      return new CliError("CLI_BAD_FLAG", `Cannot run sealkit ${command}: there is no flag ${problem.word}`, {
        hints: [nearest === undefined ? help : `did you mean: ${nearest}`],
      });
    }
    case "missing-value":
      return new CliError("CLI_BAD_FLAG", `Cannot run sealkit ${command}: the flag ${problem.word} wants a value`, {
        hints: [help],
      });
    case "bad-value":
      return new CliError("CLI_BAD_FLAG", `Cannot use "${problem.value}" for ${problem.word}: ${problem.why}`, {
        hints: [help],
      });
    default:
      return new CliError("CLI_BAD_FLAG", `Cannot run sealkit ${command}: ${problem.message}`, { hints: [help] });
  }
}

function unknownSubcommand({ name, commands }: GroupDefinition, word: string): CliError {
  const nearest = nearestWord(word, Object.keys(commands));
  return new CliError("CLI_UNKNOWN_COMMAND", `Cannot run "sealkit ${name} ${word}": there is no such command`, {
    hints: [nearest === undefined ? `sealkit ${name} --help` : `did you mean: sealkit ${name} ${nearest}`],
  });
}
