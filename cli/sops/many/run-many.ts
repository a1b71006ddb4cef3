import { setImmediate as turn } from "node:timers/promises";
import { ToolkitError } from "../../../src/errors.ts";
import { FilesError, type FoundFile, type Replacement } from "../../../src/files/index.ts";
import { inParallel } from "../../../src/parallel.ts";
import type { Io } from "../../io.ts";
import { endEarlierRun, replaceTogether } from "../../many-files/earlier-run.ts";
import { note, printable, write } from "../../output.ts";
import { withProgress } from "../../progress.ts";
import { agreed } from "../call/agreed.ts";
import type { SopsCall } from "../call/call.ts";
import { exitOf, failureText, SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { SopsFlags } from "../call/flags.ts";
import { type Doubts, doubts as doubtsOf } from "../call/log.ts";
import { Answers } from "../call/prompt.ts";
import { inColour } from "../change/updatekeys.ts";
import { findConfig } from "../config/config-adapter.ts";
import { type CommandKeys, commandKeys, usesLocalKeys } from "../keys/keyring.ts";
import { destinationOf, type StageTargets, stageInto } from "./destination-adapter.ts";
import { makeOne, type Target } from "./make-one.ts";
import { shownFrom } from "./paths.ts";
import { type Outcome, printJson, printText, type Report } from "./report.ts";
import { findTargets, type Targets } from "./targets-adapter.ts";
import { type ManyThreads, ownThreads, type ThreadsWanted, threadsFor } from "./threads/many-threads-adapter.ts";
import { SharedList } from "./threads/shared-list.ts";
import type { ManyCommand } from "./work.ts";

const FILES_A_TURN = 32;

/** Files that are worked on at the same time: enough that reading and asking services overlap with computing. */
const PARALLEL = 8;

export interface ManyOptions {
  readonly useLocalKeys: boolean;
  /** Threads that share the work where it pays; undefined for none, default those of this build. */
  readonly threads?: ThreadsWanted | undefined;
}

/** All that is to be done, and by whom. */
interface Work {
  readonly command: ManyCommand;
  readonly keys: CommandKeys;
  readonly targets: Targets;
  /** Where results go; undefined when nothing is to be written. */
  readonly stageTargets: StageTargets | undefined;
  readonly threads: ManyThreads | undefined;
}

/**
 * `sealkit sops COMMAND -r FOLDER…`: one command on all files that it is for, in one process. New contents are all made and
 * written beside before the first file is replaced; when one fails, none is replaced unless `--keep-going` is given.
 */
export async function runMany(
  io: Io,
  command: ManyCommand,
  flags: SopsFlags,
  { useLocalKeys, threads: wanted = ownThreads() }: ManyOptions,
): Promise<number> {
  checkFlags(command, flags);
  const started = io.now();
  const doubts = doubtsOf(io, flags.has("strict"));
  const targets = await findTargets(io, flags.args);
  const files = flags.has("undo") ? 0 : targets.paths.length;
  const isLocal = usesLocalKeys(io, useLocalKeys);
  const threads = await threadsFor(io, { files, isLocal }, wanted);
  try {
    return await runOn(io, { command, flags, doubts, targets, useLocalKeys, threads, started });
  } finally {
    await threads?.close();
  }
}

interface Run extends Pick<Work, "command" | "targets" | "threads"> {
  readonly flags: SopsFlags;
  readonly doubts: Doubts;
  readonly useLocalKeys: boolean;
  /** Milliseconds of the clock at the beginning. */
  readonly started: number;
}

async function runOn(
  io: Io,
  { command, flags, doubts, targets, useLocalKeys, threads, started }: Run,
): Promise<number> {
  const destination = await destinationOf(io, flags, targets, command);
  const isDryRun = flags.has("dry-run");
  if (await endEarlierRun(io, destination, { isDryRun, undo: flags.has("undo") })) return 0;
  const config = await configFor(io, flags, targets, doubts);
  if (command.name === "updatekeys" && config?.creationRules === undefined) {
    throw new SopsFailure(SOPS_EXIT.generic, "config file not found, or has no creation rules");
  }
  const order = command.name === "updatekeys" ? "as in the file" : "as told";
  const keys = await commandKeys(io, flags, doubts, useLocalKeys, order);
  const call: SopsCall = { io, flags, doubts, keyring: keys.keyring, config };
  const planned: Work = { command, keys, targets, stageTargets: undefined, threads };
  if (!isDryRun && command.name === "updatekeys" && !flags.has("yes") && !(await agreesToChanges(call, planned))) {
    await note(io, "Nothing was changed.");
    return 0;
  }
  const stageTargets = { ...destination, targets: destination.targetsOf(targets.paths) };
  const label = `sops ${command.name}`;
  const replacement = isDryRun ? undefined : await destination.begin(label, stageTargets.targets);
  const outcomes = await replaceTogether(io, replacement, async () => {
    const result = await makeAll(call, { ...planned, stageTargets }, replacement);
    // They go while this one goes on.
    threads?.close().catch(() => undefined);
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

async function agreesToChanges(call: SopsCall, planned: Work): Promise<boolean> {
  const { io } = call;
  const outcomes = await makeAll(call, planned, undefined);
  const changes = new Map<string, number>();
  for (const outcome of outcomes) {
    if (outcome.state !== "done" || outcome.changes === undefined) continue;
    changes.set(outcome.changes, (changes.get(outcome.changes) ?? 0) + 1);
  }
  if (changes.size === 0) return true;
  for (const [text, count] of changes)
    await write(io.stdout, inColour(io, printable(`${count} file${count === 1 ? "" : "s"}: ${text}`)));
  const answers = new Answers(io);
  try {
    return await agreed(io, answers);
  } finally {
    await answers.close();
  }
}

async function makeAll(
  call: SopsCall,
  { command, keys, targets: { place, paths }, stageTargets, threads }: Work,
  replacement: Replacement | undefined,
): Promise<Outcome[]> {
  const { io } = call;
  const outcomes: Outcome[] = [];
  const stage =
    replacement === undefined || stageTargets === undefined
      ? async () => undefined
      : stageInto(stageTargets, ({ path }, content, options) => replacement.stage(path, content, options));
  await withProgress(io, command.words[0], async (onStep) => {
    const list = new SharedList(paths.length);
    const shown = shownFrom(io.cwd, place.base);
    let pause: Promise<void> | undefined;
    const make = async (at: number) => {
      // All of them: as long as one goes on, the event loop does not.
      await pause;
      io.signal.throwIfAborted();
      const path = paths[at] ?? "";
      const target = { file: shown(path), absolute: `${place.base}/${path}` };
      outcomes.push(await outcomeOf(call, command, target, (content, seen) => stage(at, content, seen)));
      list.countDone();
      onStep(list.done, paths.length);
      // Reading and computing never wait: signals and the line of progress need a turn now and then.
      if (outcomes.length % FILES_A_TURN !== 0) return;
      pause ??= turn();
      await pause;
      pause = undefined;
    };
    const makeHere = (numbers: Iterable<number>) => inParallel(numbers, PARALLEL, make);
    const context = replacement?.stageContext;
    const others = threads?.begin(call, keys, command, { paths, base: place.base, list, stageTargets, context });
    if (others === undefined) return await makeHere(list.fromStart());
    try {
      await makeHere(list.fromStart());
      const made = await others.finished();
      for (const outcome of made.outcomes) outcomes.push(outcome);
      replacement?.adopt(made.staged);
      await makeHere(made.left);
    } finally {
      list.stop();
      await others.ended();
    }
  });
  return outcomes.sort((left, right) => (left.file < right.file ? -1 : 1));
}

async function outcomeOf(
  call: SopsCall,
  command: ManyCommand,
  target: Target,
  stage: (content: Uint8Array, seen: FoundFile) => Promise<void>,
): Promise<Outcome> {
  try {
    return await makeOne(call, command, target, { stage });
  } catch (error) {
    if (!(error instanceof SopsFailure) && !(error instanceof ToolkitError)) throw error;
    const action = command.name === "encrypt" || command.name === "decrypt" ? command.name : "change";
    const code = error instanceof ToolkitError ? error.code : "SOPS_FAILURE";
    const exit = error instanceof FilesError ? SOPS_EXIT.cannotWrite : exitOf(action, error);
    const [summary = ""] = error.message.split("\n", 1);
    return { file: target.file, state: "failed", code, summary, error: failureText(action, call.io, error), exit };
  }
}

/** 0 when none failed, the code of those that did when they agree, else 1. */
function exitFor(outcomes: readonly Outcome[]): number {
  const exits = new Set(outcomes.flatMap((outcome) => (outcome.state === "failed" ? [outcome.exit] : [])));
  const [first = 0] = exits;
  return exits.size > 1 ? SOPS_EXIT.generic : first;
}
