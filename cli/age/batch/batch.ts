import { dirname, resolve } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { AgeError, decrypt, encrypt } from "../../../src/age/index.ts";
import type { Io } from "../../io.ts";
import { write } from "../../output.ts";
import { Failure, masked } from "../failure.ts";
import { openInput, untilInterrupted } from "../input-adapter.ts";
import { fileOutput } from "../output-adapter.ts";
import { pump } from "../pump.ts";
import { runAhead } from "../run-ahead-adapter.ts";
import { type FileThreadsPlan, workInThreads } from "./file-threads-adapter.ts";
import type { Item, Plan, Refusal } from "./plan.ts";
import { type FileWork, stageSmall } from "./small-file.ts";
import { exists, flushFolder, markOf, newMark, placeBeside, type Staged } from "./small-files-adapter.ts";

/** How a batch works on its files. */
export interface BatchWork extends FileWork {
  readonly output: string;
  /** What the identities were read from, where threads can read them again. */
  readonly keyFiles?: readonly Uint8Array[] | undefined;
  readonly json: boolean;
}

/** So many results are flushed together where they may replace others: the disk does that in about the time of one. */
const GROUP = 64;

/** What became of a file: what is wrong with it, or undefined when its result is in its place. */
type Outcomes = Map<Item, string | undefined>;

/**
 * Encrypts or decrypts many files in one process. Each result appears when it is whole; one that cannot be made does not
 * stop the others.
 *
 * @returns the exit code: 1 when at least one file could not be done.
 */
export async function runBatch(io: Io, plan: Plan, work: BatchWork, threads: FileThreadsPlan = {}): Promise<number> {
  const { cwd, signal } = io;
  const outcomes: Outcomes = new Map();
  // A signal that nobody listens to ends the program before it could clear up.
  const heard = () => undefined;
  signal.addEventListener("abort", heard);
  try {
    const finished = await workInThreads(plan.items, { cwd, signal, ...work }, threads);
    for (const item of finished) outcomes.set(item, undefined);
    const left = plan.items.filter((item) => !finished.has(item));
    await workHere(io, left, work, outcomes);
  } finally {
    signal.removeEventListener("abort", heard);
  }
  if (work.force) {
    const folders = new Set(plan.items.map(({ output }) => dirname(resolve(cwd, output))));
    await Promise.all([...folders].slice(0, 1000).map(flushFolder));
  }
  return await report(io, { outcomes, plan, work });
}

/** Does files in this thread, one after the other. */
async function workHere(io: Io, items: readonly Item[], work: BatchWork, outcomes: Outcomes): Promise<void> {
  const mark = newMark();
  const group: { readonly item: Item; readonly staged: Staged }[] = [];
  let flushing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await flushing;
    const members = group.splice(0);
    flushing = Promise.all(
      members.map(async ({ item, staged }) => {
        outcomes.set(item, await problemOf(() => staged.commit()));
      }),
    ).then(() => undefined);
  };
  try {
    for (const [index, item] of items.entries()) {
      if (io.signal.aborted) throw new DOMException("Interrupted", "AbortError");
      const problem = await problemOf(async () => {
        const beside = (target: string) => placeBeside(target, markOf(mark, index));
        const staged = await stageSmall(io.cwd, item, work, { isTaken: exists, beside });
        if (staged !== undefined) group.push({ item, staged });
        else {
          await stream(io, item, work);
          outcomes.set(item, undefined);
        }
      });
      if (problem !== undefined) outcomes.set(item, problem);
      if (group.length >= GROUP) await flush();
      // Signals need a turn now and then.
      if (index % GROUP === 0) await turn();
    }
    await flush();
    await flushing;
  } finally {
    await flushing;
    for (const { staged } of group) staged.discard();
  }
}

async function stream(io: Io, { input, output }: Item, { recipients, identities, armor }: BatchWork): Promise<void> {
  const source = await openInput(io, input, (reason) => reason);
  const result = fileOutput(io, output, { mode: identities === undefined ? 0o666 : 0o600, makeFolders: true });
  try {
    const pieces = untilInterrupted(source.pieces, io.signal);
    const { memory } = result;
    const ahead = runAhead(identities === undefined ? "seal" : "open", source, result, io.signal);
    await pump(
      identities === undefined
        ? encrypt(pieces, recipients ?? [], { armor, memory, ahead })
        : decrypt(pieces, identities, { memory, ahead }),
      result,
    );
    await result.finish();
  } catch (error) {
    await result.abandon();
    throw error;
  } finally {
    await source.close();
  }
}

async function problemOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    if (error instanceof AgeError) return error.original;
    throw error;
  }
}

async function report(
  io: Io,
  { outcomes, plan, work }: { readonly outcomes: Outcomes; readonly plan: Plan; readonly work: BatchWork },
): Promise<number> {
  const failed: Refusal[] = [...plan.refused];
  const results: Item[] = [];
  for (const item of plan.items) {
    const problem = outcomes.get(item);
    if (problem !== undefined) failed.push({ input: item.input, reason: problem });
    else if (outcomes.has(item)) results.push(item);
  }
  const whole = results.length;
  const verb = work.identities === undefined ? "encrypted" : "decrypted";
  if (work.json) {
    const files = results.map(({ input, output }) => ({ input, output }));
    const errors = failed.map(({ input, reason }) => ({ input, error: masked(reason) }));
    const page = { [verb]: whole, failed: failed.length, passedOver: plan.passedOver, files, errors };
    await write(io.stdout, `${JSON.stringify(page)}\n`);
  }
  const lines = failed.map(({ input, reason }) => `age: error: ${input}: ${masked(reason)}\n`).join("");
  const also = [
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(plan.passedOver > 0 ? [`${plan.passedOver} passed over`] : []),
  ];
  const summary = [`${whole} ${whole === 1 ? "file" : "files"} ${verb} into ${work.output}`, ...also].join(", ");
  await write(io.stderr, `${lines}age: ${summary}\n`);
  return failed.length > 0 ? 1 : 0;
}
