import { type Identity, parseIdentitiesFile, parseRecipient, type Recipient } from "../../../src/age/index.ts";
import { serveThread } from "../../../src/threads/serve-thread-adapter.ts";
import type { Item } from "./plan.ts";
import { type FileWork, type Places, stageSmall } from "./small-file.ts";
import { exists, makeStaging, markOf, placeBeside, type Staged } from "./small-files-adapter.ts";

/** What a thread gets before its first files. */
export interface FileThreadSetUp {
  readonly cwd: string;
  /** Recipients as text; undefined to decrypt. */
  readonly recipients: readonly string[] | undefined;
  /** Key files as they were read; they are overwritten when they have been understood. */
  readonly keyFiles: readonly Uint8Array[];
  readonly armor: boolean;
  readonly force: boolean;
  /** In the names of results that are to replace others and are not in their places yet, before the number of the file. */
  readonly mark: string;
  /** The folder of this thread alone, not made yet, for all others until they are in their places. */
  readonly staging: string;
  /** A byte for each file of the batch: 1 when its result is in its place. */
  readonly done: SharedArrayBuffer;
}

export interface NumberedItem extends Item {
  readonly index: number;
}

export type FileJobs = typeof jobs;

interface Ready {
  readonly setUp: FileThreadSetUp;
  readonly work: FileWork;
  readonly done: Uint8Array;
  hasStaging: boolean;
  /** Whether a file could not be done, maybe because its result is there. */
  hasFailed: boolean;
}

let ready: Ready | undefined;

const jobs = {
  /** Does files one after the other. With what it leaves the main thread finds out what is wrong, and says so. */
  async files(items: readonly NumberedItem[]): Promise<void> {
    if (ready === undefined) throw new TypeError('"setUp" expected keys, got nothing');
    const known = ready;
    const { setUp, work, done } = known;
    const commit = async (staged: Staged | undefined, index: number) => {
      await staged?.commit();
      if (staged !== undefined) Atomics.store(done, index, 1);
    };
    const flushed: Promise<void>[] = [];
    for (const item of items) {
      try {
        const staged = await stageSmall(setUp.cwd, item, work, placesFor(known, item.index));
        const committing = commit(staged, item.index);
        // What takes the place of another file is flushed: the disk does that for many in about the time of one.
        if (work.force) flushed.push(committing.catch(() => undefined));
        else await committing;
      } catch {
        // It stays undone.
        known.hasFailed = true;
      }
    }
    await Promise.all(flushed);
  },
};

/**
 * In one large folder threads wait for each other with every name that is made, looked for or removed there. Each makes its
 * results in a folder of its own, so that there is one such step for a file, and that one notices a file that is there:
 * it is looked for before only when that seems to be of use. A file that is replaced has its new content beside it.
 */
function placesFor(known: Ready, index: number): Places {
  const { mark, staging, force } = known.setUp;
  if (force) return { isTaken: exists, beside: (target) => placeBeside(target, markOf(mark, index)) };
  return {
    isTaken: (target) => known.hasFailed && exists(target),
    beside() {
      if (!known.hasStaging) makeStaging(staging);
      known.hasStaging = true;
      return `${staging}/${index}`;
    },
  };
}

serveThread(jobs, {
  setUp(setUp: FileThreadSetUp) {
    const { recipients, keyFiles, armor, force, done } = setUp;
    const keys: { recipients: Recipient[] } | { identities: Identity[] } =
      recipients === undefined
        ? { identities: keyFiles.flatMap((bytes) => parseIdentitiesFile(new TextDecoder().decode(bytes))) }
        : { recipients: recipients.map((text) => parseRecipient(text)) };
    for (const bytes of keyFiles) bytes.fill(0);
    ready = {
      ...{ setUp, work: { ...keys, armor, force }, done: new Uint8Array(done) },
      ...{ hasStaging: false, hasFailed: false },
    };
  },
});
