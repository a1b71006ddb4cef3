import { availableParallelism } from "node:os";
import type { AuditedFile, Finding } from "../../src/audit/index.ts";
import type { KeyMaterial, OpenFile, RotatedFile, SopsRule } from "../../src/keys/index.ts";
import { mayHoldEncrypted, type RepositoryFile } from "../../src/repository/index.ts";
import { Moved, type ThreadPool, threadProgram } from "../../src/threads/index.ts";
import { startThreads } from "../../src/threads/start-threads-adapter.ts";
import { Batches } from "./batches.ts";
import type { Answers, AuditSetUp, FileBatch, RepositoryJobs, RotateSetUp, ThreadSetUp } from "./thread-jobs.ts";

/** The first files are looked at here: threads are worth their start only when there are more. Most take little work. */
const FIRST_HERE = 64;
const PLAIN_FILES_FOR_ONE = 8;
/** Larger files are looked at here, where there is more memory. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Each thread takes some tens of megabytes. */
const MAX_THREADS = 16;
const LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 };
const MAX_BATCH = { maxItems: 64, maxWeight: 256 * 1024 };
/** What takes private keys, or reading as YAML, counts as so many bytes more: sixteen such files are a batch. */
const ENCRYPTED_WEIGHT = 16 * 1024;

type FindLeaks = (file: RepositoryFile) => Promise<readonly Finding[]>;
type AuditFile = (file: RepositoryFile) => Promise<AuditedFile>;

/**
 * What becomes of a file that is rotated; undefined when nothing in it is encrypted. `ruleFor` says what is wanted of a SOPS
 * file, and resolves with undefined when only the thread of the command can deal with it, or it is none.
 */
export type RotateOne = (file: RepositoryFile, ruleFor: RuleFor) => Promise<RotatedFile | undefined>;
type RuleFor = () => Promise<SopsRule | undefined>;

/**
 * Threads that look at the files of a repository, all with the same keys. Each function takes what does the work in the
 * thread of the command, and gives what does the same in threads; the first files, large ones, and those that take more
 * than keys in memory are left to the former.
 */
export interface RepositoryThreads {
  opening(here: OpenFile): OpenFile;
  auditing(here: AuditFile): AuditFile;
  searching(here: FindLeaks): FindLeaks;
  rotating(here: RotateOne, now: () => number): RotateOne;
  close(): Promise<void>;
}

export interface RepositoryThreadsOptions {
  readonly audit?: AuditSetUp | undefined;
  readonly rotate?: RotateSetUp | undefined;
  /** What the threads run; default: the file beside the bundle. Without one everything is done here. */
  readonly program?: URL | undefined;
  readonly firstHere?: number | undefined;
}

/** Threads for these keys. None is started before there is enough to do. */
export function repositoryThreads(
  material: KeyMaterial,
  { audit, rotate, program = ownProgram(), firstHere = FIRST_HERE }: RepositoryThreadsOptions = {},
): RepositoryThreads {
  const threads = Math.min(availableParallelism(), MAX_THREADS);
  let pool: Pool | undefined;
  let seen = 0;
  const spare: ArrayBuffer[] = [];

  /** A buffer that came back, or a new one. */
  const roomFor = (size: number): ArrayBuffer => {
    if (size > MAX_BATCH.maxWeight) return new ArrayBuffer(size);
    return spare.pop() ?? new ArrayBuffer(MAX_BATCH.maxWeight);
  };

  const answersOf = <Answer>({ answers, spent }: Answers<Answer>) => {
    if (spent.byteLength === MAX_BATCH.maxWeight) spare.push(spent);
    return answers;
  };

  const started = (own: URL): Pool => {
    const setUp = () => setUpOf(material, { audit, rotate });
    pool ??= startThreads<RepositoryJobs>({ program: own, threads, name: "repository", limits: LIMITS, setUp });
    return pool;
  };

  const isForThread = (file: RepositoryFile) => {
    seen += mayHoldEncrypted(file) ? 1 : 1 / PLAIN_FILES_FOR_ONE;
    return seen > firstHere && file.bytes.length <= MAX_FILE_BYTES;
  };

  const inThreads = <Answer>(
    here: (file: RepositoryFile) => Promise<Answer>,
    send: (pool: Pool, batch: Moved<FileBatch>) => Promise<Answers<Answer>>,
  ) => {
    if (program === undefined) return here;
    const sent = async (files: readonly RepositoryFile[]) =>
      answersOf(await send(started(program), packed(files, roomFor)));
    const batches = new Batches(sent, {
      ...MAX_BATCH,
      threads,
      weightOf,
    });
    return async (file: RepositoryFile) => {
      const said = isForThread(file) ? await batches.run(file) : undefined;
      return said === undefined ? await here(file) : said.answer;
    };
  };

  return {
    opening: (here) => inThreads(here, (own, batch) => own.run("open", batch)),
    auditing: (here) => inThreads(here, (own, batch) => own.run("audit", batch)),
    searching: (here) => inThreads(here, (own, batch) => own.run("leaks", batch)),
    rotating(here, now) {
      if (program === undefined) return here;
      const send = async (asked: readonly AskedToRotate[]) => {
        const files = asked.map(({ file }) => file);
        const { value, buffers } = packed(files, roomFor);
        const rules = asked.map(({ rule }) => rule);
        return answersOf(await started(program).run("rotate", new Moved({ ...value, rules, now: now() }, buffers)));
      };
      const batches = new Batches(send, { ...MAX_BATCH, threads, weightOf: ({ file }) => weightOf(file) });
      return async (file, ruleFor) => {
        if (!isForThread(file)) return await here(file, ruleFor);
        const said = await batches.run({ file, rule: await ruleFor() });
        return said === undefined ? await here(file, ruleFor) : said.answer;
      };
    },
    async close() {
      await pool?.close();
    },
  };
}

type Pool = ThreadPool<RepositoryJobs>;

interface AskedToRotate {
  readonly file: RepositoryFile;
  readonly rule: SopsRule | undefined;
}

function weightOf(file: RepositoryFile): number {
  return file.bytes.length + (mayHoldEncrypted(file) ? ENCRYPTED_WEIGHT : 0);
}

/** Beside the bundle; sources that were not built have none. */
function ownProgram(): URL | undefined {
  return import.meta.url.endsWith(".ts") ? undefined : threadProgram(import.meta.url, "repository-thread");
}

/** Copies of the keys, handed over: nothing of them stays behind on the way. */
function setUpOf({ sealingKeys, identities }: KeyMaterial, more: Pick<ThreadSetUp, "audit" | "rotate">) {
  const buffers: ArrayBuffer[] = [];
  const copy = (bytes: Uint8Array) => {
    const own = new Uint8Array(bytes);
    buffers.push(own.buffer);
    return own;
  };
  const value: ThreadSetUp = {
    sealingKeys: sealingKeys.map(({ fingerprint, pkcs8, bits, notBefore }) => {
      return { fingerprint, pkcs8: copy(pkcs8), bits, notBefore };
    }),
    identities: identities.flatMap(({ where, identities: text, isSshKey, sshPublicKey }) => {
      return text === undefined ? [] : [{ where, text: copy(text.reveal()), isSshKey, sshPublicKey }];
    }),
    ...more,
  };
  return new Moved(value, buffers);
}

function packed(files: readonly RepositoryFile[], roomFor: (size: number) => ArrayBuffer): Moved<FileBatch> {
  const size = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const bytes = new Uint8Array(roomFor(size), 0, size);
  let at = 0;
  for (const file of files) {
    bytes.set(file.bytes, at);
    at += file.bytes.length;
  }
  const described = files.map(({ path, branches, bytes: { length } }) => ({ path, branches, length }));
  return new Moved({ files: described, bytes }, [bytes.buffer]);
}
