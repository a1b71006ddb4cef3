import { availableParallelism } from "node:os";
import type { StageContext } from "../../../../src/files/index.ts";
import type { IdentitySource } from "../../../../src/sops/index.ts";
import { type Jobs, Moved, type ThreadPool, threadProgram } from "../../../../src/threads/index.ts";
import { startThreads } from "../../../../src/threads/start-threads-adapter.ts";
import type { Io } from "../../../io.ts";
import { isRecorded } from "../../audit/recording.ts";
import type { SopsCall } from "../../call/call.ts";
import { KEY_VARIABLES } from "../../keys/key-flags.ts";
import type { CommandKeys } from "../../keys/keyring.ts";
import type { StageTargets } from "../destination-adapter.ts";
import type { ManyCommand } from "../work.ts";
import type { CarriedIdentity, MakeAnswer, MakeRequest } from "./make-request.ts";
import { optimizeLater } from "./optimize-later-adapter.ts";
import type { SharedList } from "./shared-list.ts";

/** Which threads there may be, besides the main one. */
export interface ThreadsWanted {
  /** The file that they run: see `sops-thread-adapter.ts`. */
  readonly program: URL;
  readonly most: number;
  /** Files for each of them, the main thread included: with fewer, starting it takes longer than it spares. */
  readonly filesEach: number;
  /** Called when there are files for more than one, before any is started. */
  readonly onStart?: (() => void) | undefined;
}

const DEFAULTS = { most: 7, filesEach: 75 };

/** One file at a time, of at most a mebibyte: far less than this is needed. */
const LIMITS = { maxOldGenerationSizeMb: 256 };

/** The threads of this build, none where there is one core; undefined where it has no program for them. */
export function ownThreads(here: string = import.meta.url): ThreadsWanted | undefined {
  const most = Math.min(availableParallelism() - 1, DEFAULTS.most);
  // Only the bundle has it beside it.
  if (!here.endsWith(".bundle")) return undefined;
  return { program: threadProgram(here, "sops-thread"), most, filesEach: DEFAULTS.filesEach, onStart: optimizeLater };
}

/** What the threads of one call are to do. */
export interface ThreadedWork {
  readonly paths: readonly string[];
  readonly base: string;
  readonly list: SharedList;
  readonly stageTargets: StageTargets | undefined;
  readonly context: StageContext | undefined;
}

/** Threads at work on a list. */
export interface ThreadsAtWork {
  /** What they made, once the list is worked off. @throws what ended one of them. */
  finished(): Promise<MakeAnswer>;
  /** Waits until none of them works on the list any more; stop it before. */
  ended(): Promise<void>;
}

/** Threads that are ready, or will be in a moment. */
export interface ManyThreads {
  /** Sets them to work; undefined when they could do nothing: to open files without an identity. */
  begin(call: SopsCall, keys: CommandKeys, command: ManyCommand, work: ThreadedWork): ThreadsAtWork | undefined;
  /** Lets them go; those at work have to be finished before. */
  close(): Promise<void>;
}

interface MakeJobs extends Jobs {
  readonly make: (request: MakeRequest) => Promise<MakeAnswer>;
}

/**
 * Starts threads for a call that can be shared: one with files enough, with keys of this machine, and without an audit
 * trail, which is one for all. Undefined otherwise. They load their program while the keys of the call are looked for.
 */
export async function threadsFor(
  io: Io,
  { files, isLocal }: { readonly files: number; readonly isLocal: boolean },
  wanted: ThreadsWanted | undefined,
): Promise<ManyThreads | undefined> {
  if (wanted === undefined || !isLocal || (await isRecorded(io))) return undefined;
  const useful = Math.floor(files / wanted.filesEach) - 1;
  if (useful > 0) wanted.onStart?.();
  const threads = Math.min(useful, wanted.most);
  if (threads < 1) return undefined;
  const pool = startThreads<MakeJobs>({ program: wanted.program, threads, name: "sops", ahead: 0, limits: LIMITS });
  pool.start();
  return {
    begin(call, { sources }, command, work) {
      const identities = () => sources.flatMap(carried);
      if (command.name !== "encrypt" && identities().length === 0) return undefined;
      return begun(pool, threads, requestOf(call, command, work), identities);
    },
    close: () => pool.close(),
  };
}

function carried({ where, identities, isSshKey = false, sshPublicKey }: IdentitySource): CarriedIdentity[] {
  return identities === undefined ? [] : [{ where, text: new Uint8Array(identities.reveal()), isSshKey, sshPublicKey }];
}

function begun(
  pool: ThreadPool<MakeJobs>,
  threads: number,
  request: Omit<MakeRequest, "identities">,
  identities: () => readonly CarriedIdentity[],
): ThreadsAtWork {
  const answers = Array.from({ length: threads }, () => {
    const own = identities();
    const moved = own.map(({ text }) => text.buffer);
    return pool.run("make", new Moved({ ...request, identities: own }, moved));
  });
  const all = Promise.all(answers);
  // When the main thread fails first, nobody waits for them.
  all.catch(() => undefined);
  return {
    finished: async () => joined(await all),
    async ended() {
      await Promise.allSettled(answers);
    },
  };
}

function requestOf(
  { io, flags, config, keyring }: SopsCall,
  { name }: ManyCommand,
  { paths, base, list, stageTargets, context }: ThreadedWork,
): Omit<MakeRequest, "identities"> {
  const located = config === undefined ? undefined : { bytes: config.bytes, path: config.path, shown: config.shown };
  return {
    command: name,
    cwd: io.cwd,
    env: Object.fromEntries(KEY_VARIABLES.flatMap((variable) => textOf(variable, io.env[variable]))),
    flags: flags.given,
    config: located,
    decryptionOrder: keyring.decryptionOrder,
    paths,
    base,
    list: list.memory,
    stage:
      stageTargets === undefined || context === undefined
        ? undefined
        : { base: stageTargets.base, isInPlace: stageTargets.isInPlace, targets: stageTargets.targets, context },
  };
}

function textOf(name: string, text: string | undefined): (readonly [string, string])[] {
  return text === undefined ? [] : [[name, text]];
}

function joined(answers: readonly MakeAnswer[]): MakeAnswer {
  return {
    outcomes: answers.flatMap(({ outcomes }) => outcomes),
    staged: answers.flatMap(({ staged }) => staged),
    left: answers.flatMap(({ left }) => left),
  };
}
