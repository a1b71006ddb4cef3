import type { Io } from "../../io.ts";
import { note, printable, write } from "../../output.ts";
import type { ManyCommand, Skipped } from "./work.ts";

/** What became of one file. Paths as a person in the current folder would type them. */
export type Outcome =
  | { readonly file: string; readonly state: "done"; readonly changes?: string | undefined }
  | { readonly file: string; readonly state: "skipped"; readonly why: Skipped }
  | {
      readonly file: string;
      readonly state: "failed";
      /** The first line of our own error. */
      readonly summary: string;
      readonly code: string;
      readonly error: string;
      readonly exit: number;
    };

export interface Report {
  readonly command: ManyCommand;
  readonly outcomes: readonly Outcome[];
  readonly links: number;
  readonly ignored: number;
  readonly spentMs: number;
  /** `done`: the results are in their places; `planned`: nothing was to be written; `refused`: a file failed, so none was. */
  readonly end: "done" | "planned" | "refused";
}

/** Failures that are told in full; of the others, which mostly have the same cause, only the first line. */
const MAX_WHOLE_ERRORS = 5;

const SKIPS: readonly Skipped[] = ["not encrypted", "already encrypted", "without a creation rule", "up to date"];

/** A line for each file on standard output, errors and one line of summary on standard error. */
export async function printText(io: Io, { command, outcomes, links, ignored, spentMs, end }: Report): Promise<void> {
  const done = outcomes.filter((outcome) => outcome.state === "done");
  const failed = outcomes.filter((outcome) => outcome.state === "failed");
  if (end !== "refused") {
    const prefix = end === "planned" ? "would " : "";
    await write(io.stdout, done.map(({ file }) => `${prefix}${command.name} ${printable(file)}\n`).join(""));
  }
  for (const { file, error } of failed.slice(0, MAX_WHOLE_ERRORS))
    await write(io.stderr, `${printable(file)}:\n${error}`);
  for (const { file, summary } of failed.slice(MAX_WHOLE_ERRORS)) await note(io, `${file}: ${summary}`);
  const skips = SKIPS.flatMap((why) => {
    const count = outcomes.filter((outcome) => outcome.state === "skipped" && outcome.why === why).length;
    return count === 0 ? [] : [`${count} ${why}`];
  });
  const counts = [
    ...skips,
    ...(links === 0 ? [] : [`${links} symbolic link${links === 1 ? "" : "s"} not followed`]),
    ...(ignored === 0 ? [] : [`${ignored} ignored by git`]),
    `${failed.length} failed`,
  ];
  const [, ed] = command.words;
  const files = `${done.length} file${done.length === 1 ? "" : "s"}`;
  const time = `in ${(spentMs / 1000).toFixed(1)} s`;
  const first = {
    done: `${ed} ${files} ${time}`,
    planned: `Would have ${ed.toLowerCase()} ${files}; nothing was written`,
    refused: `Nothing was written: ${failed.length} of ${done.length + failed.length} files failed`,
  }[end];
  await note(io, `${first}; ${counts.join("; ")}.`);
  if (end === "refused" && done.length > 0) await note(io, "hint: --keep-going writes those that did not fail");
}

/** The same for programs, on standard output. */
export async function printJson(io: Io, { command, outcomes, links, ignored, end }: Report): Promise<void> {
  const files = outcomes.map((outcome) => {
    if (outcome.state === "failed") {
      const { file, code, summary } = outcome;
      return { file, state: "failed", code, error: summary };
    }
    if (outcome.state === "skipped") return { file: outcome.file, state: "skipped", reason: outcome.why };
    return { file: outcome.file, state: end === "done" ? "done" : "planned" };
  });
  const count = (state: Outcome["state"]) => outcomes.filter((outcome) => outcome.state === state).length;
  const summary = { done: count("done"), skipped: count("skipped"), failed: count("failed"), links, ignored };
  await write(
    io.stdout,
    `${JSON.stringify({ command: command.name, written: end === "done", summary, files }, undefined, 2)}\n`,
  );
}
