import { masterKeyName } from "./master-key-name.ts";
import type { Counts, KeyAttempt, OpenedGroup } from "./open-group.ts";

/**
 * What the original prints when a file stays closed.
 *
 * Source: recorded runs of sops 3.13.3.
 */
export function originalReport(groups: readonly OpenedGroup[], { needed, opened }: Counts): string {
  const shown = groups.map(({ attempts, part }, index) => {
    if (part !== undefined) return `Group ${index}: SUCCESS\n\n`;
    return `Group ${index}: FAILED\n${indented(attempts.map(keyReport).join("\n\n"))}\n\n`;
  });
  const advice = groups.length > 1 ? wrapped(tooFewGroups(needed, opened), ADVICE_COLUMNS).join("\n") : NO_RECOVERY;
  return `Failed to get the data key required to decrypt the SOPS file.\n\n${shown.join("")}${advice}`;
}

function keyReport({ key, failures }: KeyAttempt): string {
  const reasons = failures.map(({ original }) => {
    const [text, end] = original.endsWith("\n") ? [original.slice(0, -1), "\n"] : [original, ""];
    const lines = text.split("\n").flatMap((line) => wrapped(line, REASON_COLUMNS));
    return lines.map((line, index) => `  ${index === 0 ? "- | " : "  | "}${line}`).join("\n") + end;
  });
  return `${masterKeyName(key)}: FAILED\n${reasons.join("\n")}`;
}

/** Every line two columns in, also empty ones, but not what comes behind the last line break. */
function indented(text: string): string {
  return text.replace(/^(?!$(?![\s\S]))/gm, "  ");
}

const NO_RECOVERY = `Recovery failed because no master key was able to decrypt the file. In
order for SOPS to recover the file, at least one key has to be successful,
but none were.`;

function tooFewGroups(needed: number, opened: number): string {
  return `Recovery failed because the file was encrypted with a Shamir threshold of ${needed}, but only ${opened} part(s) were successfully recovered, one for each successful key group. In order for SOPS to recover the file, at least ${needed} groups have to be successful. In order for a group to be successful, decryption has to succeed with any of the keys in that key group.`;
}

const ADVICE_COLUMNS = 75;
const REASON_COLUMNS = 60;

/** Lines of at most so many columns, broken at blanks; a longer word has a line of its own. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
