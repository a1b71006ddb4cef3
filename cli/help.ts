import { type CommandDefinition, type FlagTable, type GroupDefinition, kebab } from "./definition.ts";
import type { Io } from "./io.ts";
import { paint } from "./output.ts";

type Definition = Omit<CommandDefinition<FlagTable>, "run">;

/** The help page of a command: one sentence, usage, examples, flags by group. */
export function commandHelp(definition: Definition, io: Io): string {
  const { name, summary, description, positionals, examples } = definition;
  const words = [`sealkit ${name}`, positionals?.usage ?? "", "[flags]"].filter((word) => word !== "");
  const sections = [
    `${summary}.`,
    `${heading(io, "Usage:")} ${words.join(" ")}`,
    [heading(io, "Examples:"), ...examples.flatMap(({ what, command }) => [`  # ${what}`, `  ${command}`])].join("\n"),
    ...(description === undefined ? [] : [description]),
    ...flagSections(definition.flags, io),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The help page of a command that only holds others. */
export function groupHelp({ name, summary, commands }: GroupDefinition, io: Io): string {
  const column = Math.max(...Object.keys(commands).map((word) => word.length)) + 2;
  const lines = Object.entries(commands).map(([word, entry]) => `  ${word.padEnd(column)}${entry.summary}`);
  return `${summary}.

${heading(io, "Usage:")} sealkit ${name} COMMAND [flags]

${heading(io, "Commands:")}
${lines.join("\n")}

Run "sealkit ${name} COMMAND --help" for examples and flags.
`;
}

function heading(io: Io, text: string): string {
  return paint(io, io.stdout, "bold", text);
}

const WIDTH = 100;

function flagSections(flags: FlagTable, io: Io): string[] {
  const rows = Object.entries(flags)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([key, definition]) => ({
      group: definition.group ?? "Flags",
      left: flagForms(kebab(key), definition),
      right: flagText(definition),
    }));
  rows.push({ group: "Flags", left: "-h, --help", right: "Show this page" });
  const column = Math.min(34, Math.max(...rows.map(({ left }) => left.length))) + 4;
  const groups = [...new Set(rows.map(({ group }) => group))].sort(
    (a, b) => Number(b === "Flags") - Number(a === "Flags"),
  );
  return groups.map((group) =>
    [
      heading(io, `${group}:`),
      ...rows.filter((row) => row.group === group).flatMap(({ left, right }) => flagLines(left, right, column)),
    ].join("\n"),
  );
}

function flagForms(name: string, { short, kind, placeholder, choices }: FlagTable[string]): string {
  const value = kind === "bool" ? "" : ` ${placeholder ?? (choices === undefined ? "TEXT" : choices.join("|"))}`;
  return `${short === undefined ? "    " : `-${short}, `}--${name}${value}`;
}

function flagText({ help, shownDefault, required }: FlagTable[string]): string {
  if (required) return `${help} (required)`;
  if (shownDefault === undefined) return help;
  return `${help} (default ${shownDefault === "" ? "none" : shownDefault})`;
}

function flagLines(left: string, right: string, column: number): string[] {
  const lines = wrap(right, WIDTH - column);
  const first = `  ${left}`;
  if (first.length >= column) return [first, ...lines.map((line) => " ".repeat(column) + line)];
  return lines.map((line, at) => (at === 0 ? first.padEnd(column) : " ".repeat(column)) + line);
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
