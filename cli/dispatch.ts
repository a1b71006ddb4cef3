import type { CommandEntry } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { CliError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { nearestWord } from "./nearest.ts";
import { write } from "./output.ts";
import { overview } from "./overview.ts";
import { personalityOf } from "./personality.ts";
import { report, run } from "./run.ts";

/**
 * Runs the command that `words` name (`words` without node and script). A program called `kubeseal`, `sops`, `age`,
 * `age-keygen`, `age-inspect` or `controller` is that command. Returns the exit code.
 */
export async function dispatch(
  words: readonly string[],
  io: Io,
  commands: readonly CommandEntry[] = COMMANDS,
): Promise<number> {
  const called = personalityOf(io.argv0);
  const personality = called === undefined ? undefined : commands.find(({ name }) => name === called);
  if (personality !== undefined) return await run(personality, words, io);

  const [word, ...args] = words;
  if (word === undefined || word === "help" || word === "-h" || word === "--help") {
    const [topic, ...rest] = word === "help" ? args : [];
    if (topic !== undefined) return await dispatch([topic, ...rest, "--help"], io, commands);
    await write(io.stdout, overview(io, commands));
    return EXIT.ok;
  }
  if (word === "--version") return await dispatch(["version"], io, commands);
  if (word === "__complete") {
    const { offer } = await import("./completion/offer.ts");
    return await offer(args, io, commands);
  }
  const entry = commands.find(({ name }) => name === word);
  if (entry === undefined) return await report(unknownCommand(word, commands), io);
  return await run(entry, args, io);
}

function unknownCommand(word: string, commands: readonly CommandEntry[]): CliError {
  const nearest = nearestWord(
    word,
    commands.map(({ name }) => name),
  );
  const state = word.startsWith("-") ? "a flag stands where a command is wanted" : "there is no such command";
  return new CliError("CLI_UNKNOWN_COMMAND", `Cannot run "${word}": ${state}`, {
    hints: [nearest === undefined ? "sealkit --help shows all commands" : `did you mean: sealkit ${nearest}`],
  });
}
