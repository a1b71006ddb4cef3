import type { CommandEntry, CommandRunner } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";

/**
 * Prints the words that the shell may offer, one per line: `words` are those after `sealkit`, the last one as far as
 * it was typed. Prints nothing where file names are wanted: the shell knows those better.
 */
export async function offer(words: readonly string[], io: Io, commands: readonly CommandEntry[]): Promise<number> {
  const offered = await candidates(words, commands);
  await write(io.stdout, offered.map((word) => `${word}\n`).join(""));
  return EXIT.ok;
}

async function candidates(words: readonly string[], commands: readonly CommandEntry[]): Promise<readonly string[]> {
  const [first = "", ...rest] = words;
  if (words.length <= 1) {
    return [...commands.map(({ name }) => name), "help"].filter((name) => name.startsWith(first)).sort();
  }
  if (first === "help") return await candidates(rest, commands);
  const runner: CommandRunner | undefined = await commands.find(({ name }) => name === first)?.load();
  return (await runner?.complete?.(rest)) ?? [];
}
