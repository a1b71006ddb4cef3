import { availableParallelism } from "node:os";
import type { StageContext } from "../../../../src/files/index.ts";
import { type Jobs, Moved, threadProgram } from "../../../../src/threads/index.ts";
import { startThreads } from "../../../../src/threads/start-threads-adapter.ts";
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
export interface StartedThreads {
  /** What they made, once the list is worked off. @throws what ended one of them. */
  finished(): Promise<MakeAnswer>;
  /** Lets them go; stop the list before. */
  close(): Promise<void>;
}

export interface ManyThreads {
  /** Undefined when there are too few files. */
  start(call: SopsCall, command: ManyCommand, work: ThreadedWork): Promise<StartedThreads | undefined>;
}

interface MakeJobs extends Jobs {
  readonly make: (request: MakeRequest) => Promise<MakeAnswer>;
}

/**
 * Threads for a call that can be shared: with keys of this machine, and without an audit trail, which is one for all.
 * Undefined otherwise.
 */
export async function threadsFor(
  { io }: SopsCall,
  { sources, isLocal }: CommandKeys,
  wanted: ThreadsWanted | undefined,
): Promise<ManyThreads | undefined> {
  if (wanted === undefined || !isLocal || (await isRecorded(io))) return undefined;
  const identities = (): CarriedIdentity[] =>
    sources.flatMap(({ where, identities: text, isSshKey = false, sshPublicKey }) =>
      text === undefined ? [] : [{ where, text: new Uint8Array(text.reveal()), isSshKey, sshPublicKey }],
    );
  return {
    async start(call, command, work) {
      const useful = Math.floor(work.paths.length / wanted.filesEach) - 1;
      if (useful > 0) wanted.onStart?.();
      const count = Math.min(useful, wanted.most);
      if (count < 1 || (command.name !== "encrypt" && identities().length === 0)) return undefined;
      return started(requestOf(call, command, work), identities, { count, program: wanted.program });
    },
  };
}

function started(
  request: Omit<MakeRequest, "identities">,
  identities: () => readonly CarriedIdentity[],
  { count, program }: { readonly count: number; readonly program: URL },
): StartedThreads {
  const pool = startThreads<MakeJobs>({ program, threads: count, name: "sops", ahead: 0, limits: LIMITS });
  const answers = Array.from({ length: count }, () => {
    const own = identities();
    const moved = own.map(({ text }) => text.buffer);
    return pool.run("make", new Moved({ ...request, identities: own }, moved));
  });
  const all = Promise.all(answers);
  // When the main thread fails first, nobody waits for them.
  all.catch(() => undefined);
  let isFinished = false;
  return {
    async finished() {
      const made = joined(await all);
      isFinished = true;
      return made;
    },
    async close() {
      await Promise.allSettled(answers);
      const closed = pool.close();
      // With nothing in hand they may go while the main thread goes on.
      if (isFinished) closed.catch(() => undefined);
      else await closed;
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
