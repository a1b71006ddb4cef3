import { basename } from "node:path";
import { type FlagTable, kebab } from "../definition.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { nearestWord } from "../nearest.ts";
import { write } from "../output.ts";
import { type FlagSpec, parseFlags } from "../pflag.ts";

/** Whether the program was called `controller`, as in the containers of the original. */
export function isCalledController(io: Pick<Io, "argv0">): boolean {
  return basename(io.argv0).replace(/\.(exe|cjs)$/, "") === "controller";
}

/** The flags of a table for the parser of Go's pflag. */
function flagSpecsOf(flags: FlagTable): readonly FlagSpec[] {
  return Object.entries(flags).map(([key, { short, kind, check }]) => ({ name: kebab(key), short, kind, check }));
}

/**
 * Answers a request for help or a wrong command line as the original does: everything on stderr, the list of flags first,
 * then what is wrong; exit status 0 for help and 2 otherwise. Undefined when there is nothing to answer.
 */
export async function usageAnswer(flags: FlagTable, words: readonly string[], io: Io): Promise<number | undefined> {
  const specs = flagSpecsOf(flags);
  const result = parseFlags(specs, words);
  if (result.ok) return undefined;
  const { problem } = result;
  await write(io.stderr, `Usage of ${io.argv0}:\n${flagList(flags)}`);
  if (problem.kind === "help") return EXIT.ok;
  await write(io.stderr, `${problem.message}\n`);
  const names = specs.map(({ name }) => `--${name}`);
  const nearest = problem.kind === "unknown" ? nearestWord(problem.word, names) : undefined;
  if (nearest !== undefined) await write(io.stderr, `hint: did you mean: ${nearest}\n`);
  return EXIT.usage;
}

/** The list in pflag's layout: name and value, then what it does, in two columns, sorted. */
function flagList(flags: FlagTable): string {
  const rows = Object.entries(flags)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([key, { kind, placeholder, help, shownDefault }]) => ({
      left: `      --${kebab(key)}${kind === "bool" ? "" : ` ${(placeholder ?? "text").toLowerCase()}`}`,
      right: shownDefault === undefined || shownDefault === "" ? help : `${help} (default ${shownDefault})`,
    }))
    .sort((a, b) => (a.left < b.left ? -1 : 1));
  const column = Math.max(...rows.map(({ left }) => left.length)) + 3;
  return rows.map(({ left, right }) => `${left.padEnd(column)}${right}\n`).join("");
}
