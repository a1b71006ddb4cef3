import { type Identity, parseIdentitiesFile, parseRecipient, type Recipient } from "../../../src/age/index.ts";
import { serveThread } from "../../../src/threads/serve-thread-adapter.ts";
import type { Item } from "./plan.ts";
import { type FileWork, stageSmall } from "./small-file.ts";
import { markOf, type Staged } from "./small-files-adapter.ts";

/** What a thread gets before its first files. */
export interface FileThreadSetUp {
  readonly cwd: string;
  /** Recipients as text; undefined to decrypt. */
  readonly recipients: readonly string[] | undefined;
  /** Key files as they were read; they are overwritten when they have been understood. */
  readonly keyFiles: readonly Uint8Array[];
  readonly armor: boolean;
  readonly force: boolean;
  /** In the names of results that are not in their places yet, before the number of the file. */
  readonly mark: string;
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
}

let ready: Ready | undefined;

const jobs = {
  /** Does files one after the other. With what it leaves the main thread finds out what is wrong, and says so. */
  async files(items: readonly NumberedItem[]): Promise<void> {
    if (ready === undefined) throw new TypeError('"setUp" expected keys, got nothing');
    const { setUp, work, done } = ready;
    const commit = async (staged: Staged | undefined, index: number) => {
      await staged?.commit();
      if (staged !== undefined) Atomics.store(done, index, 1);
    };
    const flushed: Promise<void>[] = [];
    for (const item of items) {
      try {
        const staged = await stageSmall(setUp.cwd, item, work, markOf(setUp.mark, item.index));
        const committing = commit(staged, item.index);
        // What takes the place of another file is flushed: the disk does that for many in about the time of one.
        if (work.force) flushed.push(committing.catch(() => undefined));
        else await committing;
      } catch {
        // It stays undone.
      }
    }
    await Promise.all(flushed);
  },
};

serveThread(jobs, {
  setUp(setUp: FileThreadSetUp) {
    const { recipients, keyFiles, armor, force, done } = setUp;
    const keys: { recipients: Recipient[] } | { identities: Identity[] } =
      recipients === undefined
        ? { identities: keyFiles.flatMap((bytes) => parseIdentitiesFile(new TextDecoder().decode(bytes))) }
        : { recipients: recipients.map((text) => parseRecipient(text)) };
    for (const bytes of keyFiles) bytes.fill(0);
    ready = { setUp, work: { ...keys, armor, force }, done: new Uint8Array(done) };
  },
});
