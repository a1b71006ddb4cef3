import type { CommandEntry } from "./command.ts";
import { GROUPS } from "./commands.ts";
import type { Io } from "./io.ts";
import { paint } from "./output.ts";

/** What `sealkit` alone prints: the commands by what a person wants to do. */
export function overview(io: Io, commands: readonly CommandEntry[]): string {
  const column = Math.max(0, ...commands.map(({ name }) => name.length)) + 2;
  const lines = GROUPS.flatMap((group) => {
    const members = commands.filter((command) => command.group === group);
    if (members.length === 0) return [];
    const heading = paint(io, io.stdout, "bold", group);
    return [heading, ...members.map(({ name, summary }) => `  ${name.padEnd(column)}${summary}`)];
  });
  return [
    "Keep Kubernetes Secrets in Git, and get what is in Git into the cluster.",
    "",
    ...lines,
    "",
    'Run "sealkit COMMAND --help" for examples and flags.',
    "",
  ].join("\n");
}
