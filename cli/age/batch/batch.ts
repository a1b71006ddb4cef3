import { dirname, resolve } from "node:path";
import {
  AgeError,
  decrypt,
  decryptBytes,
  encrypt,
  encryptBytes,
  type Identity,
  type Recipient,
} from "../../../src/age/index.ts";
import type { Io } from "../../io.ts";
import { write } from "../../output.ts";
import { Failure, masked } from "../failure.ts";
import { openInput, untilInterrupted } from "../input-adapter.ts";
import { fileOutput } from "../output-adapter.ts";
import { pump } from "../pump.ts";
import { runAhead } from "../run-ahead-adapter.ts";
import type { Item, Plan, Refusal } from "./plan.ts";
import { exists, flushFolder, readSmall, type Staged, stage } from "./small-files-adapter.ts";

/** How a batch works on its files. */
export interface BatchWork {
  readonly output: string;
  /** Exactly one of the two is there. */
  readonly recipients?: readonly Recipient[] | undefined;
  readonly identities?: readonly Identity[] | undefined;
  readonly armor: boolean;
  /** Replace results that are there already. */
  readonly force: boolean;
  readonly json: boolean;
}

/** Up to this size a file is held in memory; larger ones are streamed. */
const SMALL_BYTES = 1024 * 1024;
/** So many results are flushed together where they may replace others: the disk does that in about the time of one. */
const GROUP = 64;

interface Done {
  readonly item: Item;
  readonly problem: string | undefined;
}

/**
 * Encrypts or decrypts many files in one process. Each result appears when it is whole; one that cannot be made does not
 * stop the others.
 *
 * @returns the exit code: 1 when at least one file could not be done.
 */
export async function runBatch(io: Io, plan: Plan, work: BatchWork): Promise<number> {
  const done: Done[] = [];
  const group: { readonly item: Item; readonly staged: Staged }[] = [];
  let flushing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await flushing;
    const members = group.splice(0);
    flushing = Promise.all(
      members.map(async ({ item, staged }) => {
        done.push({ item, problem: await problemOf(() => staged.commit()) });
      }),
    ).then(() => undefined);
  };
  try {
    for (const item of plan.items) {
      if (io.signal.aborted) throw new DOMException("Interrupted", "AbortError");
      const problem = await problemOf(async () => {
        const staged = await workOn(io, item, work);
        if (staged === undefined) done.push({ item, problem: undefined });
        else group.push({ item, staged });
      });
      if (problem !== undefined) done.push({ item, problem });
      if (group.length >= GROUP) await flush();
    }
    await flush();
    await flushing;
  } finally {
    await flushing;
    for (const { staged } of group) staged.discard();
  }
  if (work.force) {
    const folders = new Set(plan.items.map(({ output }) => dirname(resolve(io.cwd, output))));
    await Promise.all([...folders].slice(0, 1000).map(flushFolder));
  }
  return await report(io, { done, plan, work });
}

/** Undefined for a file that was streamed and is in its place already. */
async function workOn(io: Io, { input, output }: Item, work: BatchWork): Promise<Staged | undefined> {
  const target = resolve(io.cwd, output);
  if (!work.force && exists(target)) throw new Failure(`${output}: file exists`);
  const content = readSmall(resolve(io.cwd, input), input, SMALL_BYTES);
  const { recipients, identities, armor } = work;
  if (content === undefined) {
    await stream(io, { input, output }, work);
    return undefined;
  }
  if (identities === undefined) {
    const file = await encryptBytes(content, recipients ?? [], { armor });
    return stage(target, output, file, { mode: 0o666, replace: work.force });
  }
  const clear = (await decryptBytes(content, identities)).reveal();
  try {
    return stage(target, output, clear, { mode: 0o600, replace: work.force });
  } finally {
    clear.fill(0);
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
  { done, plan, work }: { readonly done: readonly Done[]; readonly plan: Plan; readonly work: BatchWork },
): Promise<number> {
  const failed: Refusal[] = [...plan.refused];
  for (const { item, problem } of done) if (problem !== undefined) failed.push({ input: item.input, reason: problem });
  const whole = done.length - (failed.length - plan.refused.length);
  const verb = work.identities === undefined ? "encrypted" : "decrypted";
  if (work.json) {
    const files = done
      .filter(({ problem }) => problem === undefined)
      .map(({ item: { input, output } }) => ({ input, output }));
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
