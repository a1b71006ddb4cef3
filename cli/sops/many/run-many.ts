import { relative } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { ToolkitError } from "../../../src/errors.ts";
import { FilesError, type FoundFile, inParallel, type Replacement } from "../../../src/files/index.ts";
import { formatOfName, formatOfWord } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { endEarlierRun, replaceTogether } from "../../many-files/earlier-run.ts";
import { readTarget } from "../../many-files/read-adapter.ts";
import { note, printable, write } from "../../output.ts";
import { withProgress } from "../../progress.ts";
import { agreed } from "../call/agreed.ts";
import type { SopsCall } from "../call/call.ts";
import { exitOf, failureText, SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { Source } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import { type Doubts, doubts as doubtsOf } from "../call/log.ts";
import { Answers } from "../call/prompt.ts";
import { findConfig } from "../config/config-adapter.ts";
import { commandKeyring } from "../keys/keyring.ts";
import { type Destination, destinationOf } from "./destination-adapter.ts";
import { type Outcome, printJson, printText, type Report } from "./report.ts";
import { findTargets, type Targets } from "./targets-adapter.ts";
import type { Made, ManyCommand } from "./work.ts";

const FILES_A_TURN = 32;

/** Files that are worked on at the same time: enough that reading and asking services overlap with computing. */
const PARALLEL = 8;

/**
 * `sealkit sops COMMAND -r FOLDER…`: one command on all files that it is for, in one process. New contents are all made and
 * written beside before the first file is replaced; when one fails, none is replaced unless `--keep-going` is given.
 */
export async function runMany(io: Io, command: ManyCommand, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  checkFlags(command, flags);
  const started = io.now();
  const doubts = doubtsOf(io, flags.has("strict"));
  const targets = await findTargets(io, flags.args);
  const destination = await destinationOf(io, flags, targets, command);
  const isDryRun = flags.has("dry-run");
  if (await endEarlierRun(io, destination, { isDryRun, undo: flags.has("undo") })) return 0;
  const config = await configFor(io, flags, targets, doubts);
  if (command.name === "updatekeys" && config?.creationRules === undefined) {
    throw new SopsFailure(SOPS_EXIT.generic, "config file not found, or has no creation rules");
  }
  const order = command.name === "updatekeys" ? "as in the file" : "as told";
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys, order);
  const call: SopsCall = { io, flags, doubts, keyring, config };
  if (
    !isDryRun &&
    command.name === "updatekeys" &&
    !flags.has("yes") &&
    !(await agreesToChanges(call, command, targets))
  ) {
    await note(io, "Nothing was changed.");
    return 0;
  }
  const replacement = isDryRun ? undefined : await destination.begin(`sops ${command.name}`, targets.paths);
  const outcomes = await replaceTogether(io, replacement, async () => {
    const result = await makeAll(call, command, targets, destination, replacement);
    return { result, isRefused: isRefused(flags, result) };
  });
  const end = replacement === undefined ? "planned" : isRefused(flags, outcomes) ? "refused" : "done";
  const report: Report = { ...targets, command, outcomes, end, spentMs: io.now() - started };
  await (flags.text("format") === "json" ? printJson : printText)(io, report);
  return exitFor(outcomes);
}

/** Whether a failure keeps all files as they are. */
function isRefused(flags: SopsFlags, outcomes: readonly Outcome[]): boolean {
  return !flags.has("keep-going") && outcomes.some(({ state }) => state === "failed");
}

function checkFlags(command: ManyCommand, flags: SopsFlags): void {
  const refuse = (state: string, ...hints: string[]): never => {
    const lines = [`error: Cannot ${command.name} whole folders: ${state}`, ...hints.map((hint) => `hint: ${hint}`)];
    throw new SopsFailure(SOPS_EXIT.conflictingParameters, lines.join("\n"));
  };
  if (flags.args.length === 0) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
  for (const name of ["output", "extract", "filename-override"]) {
    if (flags.text(name) !== "") refuse(`--${name} is for one file`);
  }
  if (!["", "text", "json"].includes(flags.text("format"))) refuse("--format is text or json");
  if (flags.has("undo") && flags.has("dry-run")) refuse("--undo and --dry-run exclude each other");
  const isInPlace = flags.has("in-place");
  const folder = flags.text("output-dir");
  if (flags.has("dry-run") || flags.has("undo") || command.name === "updatekeys") return;
  if (isInPlace && folder !== "") refuse("--in-place and --output-dir exclude each other");
  if (isInPlace || folder !== "") return;
  const hints = [`sealkit sops ${command.name} -r -i ${flags.args[0] ?? "FOLDER"}`];
  if (command.name === "decrypt") hints.unshift("sealkit sops decrypt -r --output-dir FOLDER …");
  refuse("it has to be said where the results go", ...hints, "to see what would be done: --dry-run");
}

/** The configuration from the current folder upward, as for one file; else from the folders that were named. */
async function configFor(io: Io, flags: SopsFlags, { root }: Targets, doubts: Doubts) {
  const config = await findConfig(io, flags.text("config"), doubts);
  return config ?? (await findConfig({ ...io, cwd: root }, "", doubts));
}

async function agreesToChanges(call: SopsCall, command: ManyCommand, targets: Targets): Promise<boolean> {
  const { io } = call;
  const outcomes = await makeAll(call, command, targets, undefined, undefined);
  const changes = new Map<string, number>();
  for (const outcome of outcomes) {
    if (outcome.state !== "done" || outcome.changes === undefined) continue;
    changes.set(outcome.changes, (changes.get(outcome.changes) ?? 0) + 1);
  }
  if (changes.size === 0) return true;
  for (const [text, count] of changes)
    await write(io.stdout, printable(`${count} file${count === 1 ? "" : "s"}: ${text}`));
  const answers = new Answers(io);
  try {
    return await agreed(io, answers);
  } finally {
    await answers.close();
  }
}

async function makeAll(
  call: SopsCall,
  command: ManyCommand,
  { place, paths }: Targets,
  destination: Destination | undefined,
  replacement: Replacement | undefined,
): Promise<Outcome[]> {
  const { io } = call;
  const outcomes: Outcome[] = [];
  await withProgress(io, command.words[0], async (onStep) => {
    await inParallel(paths, PARALLEL, async (path) => {
      io.signal.throwIfAborted();
      const absolute = `${place.base}/${path}`;
      const file = relative(io.cwd, absolute) || ".";
      outcomes.push(
        await makeOne(call, command, { file, absolute }, async (content, seen) => {
          if (replacement !== undefined) await destination?.stage(replacement, path, content, seen);
        }),
      );
      onStep(outcomes.length, paths.length);
      // Reading and computing never wait: signals and the line of progress need a turn now and then.
      if (outcomes.length % FILES_A_TURN === 0) await turn();
    });
  });
  return outcomes.sort((left, right) => (left.file < right.file ? -1 : 1));
}

async function makeOne(
  call: SopsCall,
  command: ManyCommand,
  { file, absolute }: { readonly file: string; readonly absolute: string },
  stage: (content: Uint8Array, seen: FoundFile) => Promise<void>,
): Promise<Outcome> {
  try {
    const { bytes, seen } = readTarget(file, absolute);
    const made: Made = await command.make(forFile(call, file), sourceOf(call.flags, file, bytes));
    if (made.kind === "skipped") return { file, state: "skipped", why: made.why };
    await stage(made.content, seen);
    return { file, state: "done", changes: made.changes };
  } catch (error) {
    if (!(error instanceof SopsFailure) && !(error instanceof ToolkitError)) throw error;
    const action = command.name === "encrypt" || command.name === "decrypt" ? command.name : "change";
    const code = error instanceof ToolkitError ? error.code : "SOPS_FAILURE";
    const exit = error instanceof FilesError ? SOPS_EXIT.cannotWrite : exitOf(action, error);
    const [summary = ""] = error.message.split("\n", 1);
    return { file, state: "failed", code, summary, error: failureText(action, call.io, error), exit };
  }
}

export function sourceOf(flags: SopsFlags, file: string, bytes: Uint8Array): Source {
  const inputFormat = formatOfWord(flags.text("input-type")) ?? formatOfName(file);
  const outputFormat = formatOfWord(flags.text("output-type")) ?? formatOfName(file);
  return { bytes, path: file, name: file, inputFormat, outputFormat };
}

/** Doubts that say which file they are about. */
function forFile(call: SopsCall, file: string): SopsCall {
  return { ...call, doubts: { raise: (message) => call.doubts.raise(`${file}: ${message}`) } };
}

/** 0 when none failed, the code of those that did when they agree, else 1. */
function exitFor(outcomes: readonly Outcome[]): number {
  const exits = new Set(outcomes.flatMap((outcome) => (outcome.state === "failed" ? [outcome.exit] : [])));
  const [first = 0] = exits;
  return exits.size > 1 ? SOPS_EXIT.generic : first;
}
