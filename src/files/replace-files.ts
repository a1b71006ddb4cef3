import { inParallel } from "../parallel.ts";
import { cannotWrite, changed, errno, FilesError } from "./errors.ts";
import { type FileSystem, isSameFile } from "./file-system.ts";
import { commitLine, DONE_LINE, firstLine, JOURNAL, readJournalText, UNDO_LINE } from "./journal.ts";
import { PARALLEL } from "./limits.ts";
import { lockFolder, type Worker } from "./lock.ts";
import { besidePaths, folderOf, type ReplacePlace } from "./place.ts";
import { findUnfinished, type Recovered, recover } from "./recover.ts";
import { FileStage, type StageContext, type StagedFile, type StageOptions } from "./stage.ts";

export interface ReplaceRun {
  /** Twelve random hex digits. */
  readonly run: string;
  /** What is being done, in words for whoever finds it unfinished: `sops rotate`. */
  readonly label: string;
  /** Every file that may be replaced, relative to the base folder of the place, with `/`, none twice. */
  readonly paths: readonly string[];
}

/** Replacements that become visible together. Ends with `commit` or `abandon`, one of which must be called. */
export interface Replacement {
  /**
   * Writes new content beside the file `path`, which stays as it is. Calls may overlap. A path without a call is left alone.
   *
   * @throws {FilesError} `FILES_CHANGED`, `FILES_CANNOT_WRITE`; the others may go on or be abandoned.
   */
  stage(path: string, content: Uint8Array, options?: StageOptions): Promise<void>;
  /** What another thread needs to write new contents beside the files, with a `FileStage` of its own. */
  readonly stageContext: StageContext;
  /** Takes in what another thread wrote and flushed: files that nobody else staged. */
  adopt(staged: readonly StagedFile[]): void;
  /**
   * Puts everything that was staged in its place, or nothing: what stops it half way is undone.
   *
   * @throws {FilesError} `FILES_CHANGED`, `FILES_CANNOT_WRITE`; every file is as it was then, unless a detail says otherwise.
   */
  commit(): Promise<void>;
  /** Removes what was staged. Every file is as it was. */
  abandon(): Promise<void>;
}

/**
 * Begins to replace files together, so that each is as before or as after whatever stops the program:
 *
 * 1. a journal says which files may be replaced;
 * 2. `stage` writes the new contents beside them, and gives each former file a second name there;
 * 3. `commit` waits until the disk has all of them, and writes into the journal that all is ready; only then it renames,
 *    and removes the former files last.
 *
 * A program that is killed before the journal says so has replaced nothing, and `recover` removes what it left; killed
 * later, `recover` finishes or undoes. A file that somebody else changed meanwhile is never overwritten. Between the
 * last look at a file and its renaming there is a moment in which this is not noticed.
 *
 * @throws {FilesError} `FILES_BUSY` when another run works here, `FILES_UNFINISHED` when one was broken off: `recover`
 * first; `FILES_CANNOT_WRITE`.
 */
export async function beginReplacing(
  files: FileSystem,
  worker: Worker,
  place: ReplacePlace,
  run: ReplaceRun,
): Promise<Replacement> {
  const release = await lockPlace(files, worker, place);
  const journal = `${place.state}/${JOURNAL}`;
  try {
    const left = await findUnfinished(files, place);
    if (left !== undefined) throw unfinished(left.label, place);
    await startJournal(files, journal, run);
    await files.flushFolder(place.state);
  } catch (cause) {
    await release().catch(() => undefined);
    throw cause instanceof FilesError ? cause : cannotWrite(journal, cause);
  }
  return new OpenReplacement(files, place, run, release);
}

/**
 * Ends the run that was broken off in a place, if there is one: see `recover`.
 *
 * @throws {FilesError} `FILES_BUSY` when it is still under way, `FILES_JOURNAL_UNREADABLE`, `FILES_CANNOT_WRITE`.
 */
export async function endUnfinished(
  files: FileSystem,
  worker: Worker,
  place: ReplacePlace,
  wanted: "finish" | "undo",
): Promise<Recovered | undefined> {
  // One whose first line broke off says nothing, and is removed all the same.
  if ((await readJournalText(files, `${place.state}/${JOURNAL}`)) === undefined) return undefined;
  const release = await lockPlace(files, worker, place);
  try {
    return await recover(files, place, wanted);
  } catch (cause) {
    throw cause instanceof FilesError ? cause : cannotWrite(place.base, cause);
  } finally {
    await release().catch(() => undefined);
  }
}

async function lockPlace(files: FileSystem, worker: Worker, { state }: ReplacePlace): Promise<() => Promise<void>> {
  try {
    return await lockFolder(files, state, worker);
  } catch (cause) {
    throw cause instanceof FilesError ? cause : cannotWrite(state, cause);
  }
}

async function startJournal(files: FileSystem, journal: string, run: ReplaceRun): Promise<void> {
  // What may be there is the beginning of a line by somebody who got no further.
  await files.remove(journal);
  try {
    await files.append(journal, firstLine(run));
    await files.flush(journal);
  } catch (cause) {
    await files.remove(journal).catch(() => undefined);
    throw cause;
  }
}

class OpenReplacement implements Replacement {
  readonly #files: FileSystem;
  readonly #place: ReplacePlace;
  readonly #run: ReplaceRun;
  readonly #release: () => Promise<void>;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #stage: FileStage;
  readonly #adopted: StagedFile[] = [];

  constructor(files: FileSystem, place: ReplacePlace, run: ReplaceRun, release: () => Promise<void>) {
    this.#files = files;
    this.#place = place;
    this.#run = run;
    this.#release = release;
    this.#numbers = new Map(run.paths.map((path, at) => [path, at]));
    this.#stage = new FileStage(files, this.stageContext);
  }

  get stageContext(): StageContext {
    return { base: this.#place.base, run: this.#run.run };
  }

  async stage(path: string, content: Uint8Array, options: StageOptions = {}): Promise<void> {
    const at = this.#numbers.get(path);
    if (at === undefined) throw new TypeError(`"${path}" is not one of the files of this run`);
    await this.#stage.add({ at, path }, content, options);
  }

  adopt(staged: readonly StagedFile[]): void {
    // One by one: a call takes fewer arguments than a repository may have files.
    for (const each of staged) this.#adopted.push(each);
  }

  async commit(): Promise<void> {
    const staged = [...this.#stage.files, ...this.#adopted].sort((left, right) => left.at - right.at);
    if (staged.length === 0) return await this.abandon();
    const folders = new Set(staged.map(({ at }) => folderOf(this.#paths(at).target)));
    await this.#orUndo(async () => {
      // The disk is still at work on the last contents meanwhile.
      await this.#checkUnchanged(staged);
      await this.#stage.flushed();
      await inParallel([...folders], PARALLEL, (folder) => this.#files.flushFolder(folder));
      await this.#write(commitLine(staged));
    }, "before");
    await this.#orUndo(async () => {
      await inParallel(staged, PARALLEL, (each) => this.#replace(each));
      await inParallel([...folders], PARALLEL, (folder) => this.#files.flushFolder(folder));
      await this.#write(DONE_LINE);
    }, "after");
    try {
      await recover(this.#files, this.#place, "finish");
    } catch (cause) {
      throw formerRemain(cause);
    } finally {
      await this.#leave();
    }
  }

  async abandon(): Promise<void> {
    try {
      await this.#stage.flushed().catch(() => undefined);
      await recover(this.#files, this.#place, "undo");
    } finally {
      await this.#leave();
    }
  }

  /** A lock that cannot be taken away is no failure: the next run sees that nobody holds it. */
  async #leave(): Promise<void> {
    try {
      await this.#release();
    } catch (cause) {
      if (errno(cause) === "no") throw cause;
    }
  }

  #paths(at: number) {
    return besidePaths(this.#place, this.#run.run, this.#run.paths[at] ?? "", at);
  }

  async #checkUnchanged(staged: readonly StagedFile[]): Promise<void> {
    for (const { at, before } of staged) {
      if (!isSameFile(before, await this.#files.find(this.#paths(at).target))) throw changed(this.#run.paths[at] ?? "");
    }
  }

  async #replace({ at, before }: StagedFile): Promise<void> {
    const { target, staged } = this.#paths(at);
    if (!isSameFile(before, await this.#files.find(target))) throw changed(this.#run.paths[at] ?? "");
    try {
      await this.#files.rename(staged, target);
    } catch (cause) {
      throw errno(cause) === "EBUSY" ? cannotWrite(this.#run.paths[at] ?? "", cause) : cause;
    }
  }

  async #write(line: string): Promise<void> {
    const journal = `${this.#place.state}/${JOURNAL}`;
    await this.#files.append(journal, line);
    await this.#files.flush(journal);
  }

  /** Runs a step; when it fails, puts everything back before it says so. */
  async #orUndo(step: () => Promise<void>, commitLineIs: "before" | "after"): Promise<void> {
    try {
      await step();
    } catch (cause) {
      const error = cause instanceof FilesError ? cause : cannotWrite(this.#place.base, cause);
      try {
        if (commitLineIs === "after") await this.#write(UNDO_LINE);
        await recover(this.#files, this.#place, "undo");
      } catch (second) {
        throw notUndone(error, second);
      } finally {
        await this.#leave();
      }
      throw error;
    }
  }
}

function unfinished(label: string, { state }: ReplacePlace): FilesError {
  return new FilesError("FILES_UNFINISHED", "Cannot replace files here: an earlier run did not end", {
    details: [`it was: ${label}`, `its journal: ${state}/${JOURNAL}`],
    hints: ["let the command finish it, or undo it with --undo"],
  });
}

function notUndone(error: FilesError, cause: unknown): FilesError {
  return new FilesError(error.code, error.message, {
    cause,
    details: [`putting the files back failed too: the system says ${errno(cause)}`, "the journal says how far it came"],
    hints: ["run the command again with --undo when the file system works"],
  });
}

function formerRemain(cause: unknown): FilesError {
  return new FilesError("FILES_CANNOT_WRITE", `Cannot remove the former files: the system says ${errno(cause)}`, {
    cause,
    details: ["all files were replaced; what they held before still stands beside some of them, as .sealkit-*.old"],
    hints: ["run the command again: it removes them first"],
  });
}
