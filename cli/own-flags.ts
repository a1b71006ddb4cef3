import { Command, CommanderError, Option } from "commander";
import { type FlagProblem, type FlagResult, type FlagSpec, splitCommaList } from "./pflag.ts";

/**
 * Reads the command line of one of our own commands, with Commander: `--flag value`, `--flag=value`, `-abo value`, flags
 * and words in any order, `--` ends the flags. The personalities do not come here: they follow the parser of their
 * original (`pflag.ts`).
 */
export function parseOwnFlags(specs: readonly FlagSpec[], words: readonly string[]): FlagResult {
  const given = new Map<string, string[]>();
  const command = new Command()
    .argument("[words...]")
    .helpOption("-h, --help")
    .exitOverride()
    .configureOutput({ writeOut: silent, writeErr: silent, outputError: silent })
    .showSuggestionAfterError(false);

  for (const spec of specs) {
    const short = spec.short === undefined ? "" : `-${spec.short}, `;
    command.addOption(new Option(`${short}--${spec.name}${spec.kind === "bool" ? "" : " <value>"}`));
    // The event tells each time a flag was given, in order, and also for a name that begins with "no-".
    command.on(`option:${spec.name}`, (value: string | null | undefined) => {
      const repeats = spec.kind === "slice" || spec.kind === "array";
      const texts = spec.kind === "slice" ? (splitCommaList(value ?? "") ?? [value ?? ""]) : [value ?? "true"];
      given.set(spec.name, [...(repeats ? (given.get(spec.name) ?? []) : []), ...texts]);
    });
  }

  try {
    command.parse(withoutEquals(specs, words), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return { ok: false, problem: problemOf(error) };
    throw error;
  }
  for (const spec of specs) {
    for (const value of given.get(spec.name) ?? []) {
      const why = spec.check?.(value);
      if (why !== undefined) {
        const word = `--${spec.name}`;
        return { ok: false, problem: { kind: "bad-value", message: `${word} ${why}`, word, value, why } };
      }
    }
  }
  return { ok: true, parsed: { given, args: command.args } };
}

/** `-o=json` means `-o json`, as kubectl and its kin take it; Commander would take the value for `=json`. */
function withoutEquals(specs: readonly FlagSpec[], words: readonly string[]): string[] {
  const wantsValue = (flag: string) => specs.some((spec) => spec.kind !== "bool" && namesOf(spec).includes(flag));
  const end = words.indexOf("--");
  return words.map((word, at) => {
    const [, flag = "", value = ""] = /^(-[A-Za-z])=(.+)$/s.exec(word) ?? [];
    // What stands behind a flag that wants a value is that value, whatever it looks like.
    const isValue = wantsValue(words[at - 1] ?? "") || (end >= 0 && at > end);
    return !isValue && wantsValue(flag) ? `${flag}${value}` : word;
  });
}

function namesOf({ short, name }: FlagSpec): readonly string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

function silent(): void {}

function problemOf({ code, message }: CommanderError): FlagProblem {
  // Commander's error has no field for the flag; its message quotes it.
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? "";
  const word = /(--?[^ ,<]+)(?: <value>)?$/.exec(quoted)?.[1] ?? quoted;
  switch (code) {
    case "commander.helpDisplayed":
    case "commander.help":
      return { kind: "help", message };
    case "commander.unknownOption":
      return { kind: "unknown", message, word: word.split("=", 1)[0] ?? word };
    case "commander.optionMissingArgument":
      return { kind: "missing-value", message, word };
    default:
      return { kind: "syntax", message: message.replace(/^error: /, ""), word };
  }
}
