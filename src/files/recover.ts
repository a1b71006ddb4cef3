import { inParallel } from "../parallel.ts";
import { type FileSystem, isSameFile } from "./file-system.ts";
import {
  type CommittedFile,
  DONE_LINE,
  JOURNAL,
  type Journal,
  parseJournal,
  readJournalText,
  UNDO_LINE,
} from "./journal.ts";
import { PARALLEL } from "./limits.ts";
import { besidePaths, folderOf, type ReplacePlace } from "./place.ts";

/** A run that was broken off, or is under way. */
export interface Unfinished {
  readonly label: string;
  /** How many files it was about. */
  readonly files: number;
  /** Whether new contents were ready, so that it can be finished; otherwise nothing was replaced and nothing will be. */
  readonly canFinish: boolean;
}

export interface Recovered {
  readonly label: string;
  /** `undone`: every file is as before the run, but those in `leftAlone`; `finished`: as after it. */
  readonly outcome: "finished" | "undone";
  /** How many files the recovery or the run itself replaced, or put back. */
  readonly files: number;
  /** Files that somebody changed since: they stay as they are. With `former`, where the content before the run is. */
  readonly leftAlone: readonly { readonly path: string; readonly former: string | undefined }[];
}

type LeftAlone = { path: string; former: string | undefined }[];

/** What is left of a run; undefined when nothing is. Hold the lock, or be prepared that it is under way. @throws {FilesError} */
export async function findUnfinished(files: FileSystem, place: ReplacePlace): Promise<Unfinished | undefined> {
  const journal = await readJournal(files, place);
  if (journal === undefined) return undefined;
  const { label, committed, paths, isUndone } = journal;
  return { label, files: committed?.length ?? paths.length, canFinish: committed !== undefined && !isUndone };
}

/**
 * Ends a run that was broken off. It is finished only if all its new contents were ready and nobody began to undo it, and
 * undone only if not every file was replaced already; otherwise the other of the two happens, as the result says. May be
 * broken off itself at any point, and called again. The caller holds the lock.
 *
 * @throws {FilesError} `FILES_JOURNAL_UNREADABLE`; what the system refuses comes as it is.
 */
export async function recover(
  files: FileSystem,
  place: ReplacePlace,
  wanted: "finish" | "undo",
): Promise<Recovered | undefined> {
  const journal = await readJournal(files, place);
  const path = `${place.state}/${JOURNAL}`;
  if (journal === undefined) {
    await files.remove(path);
    return undefined;
  }
  const { label, committed, isDone, isUndone } = journal;
  const leftAlone: LeftAlone = [];
  const isFinished = committed !== undefined && (isDone || (wanted === "finish" && !isUndone));
  if (committed === undefined) {
    await inParallel([...journal.paths.keys()], PARALLEL, (at) => removeBeside(files, place, journal, at));
  } else if (isFinished) {
    if (!isDone) {
      await inParallel(committed, PARALLEL, (file) => finishOne(files, place, journal, file, leftAlone));
      await flushFolders(files, place, journal);
      await files.append(path, DONE_LINE);
      await files.flush(path);
    }
    await inParallel([...journal.paths.keys()], PARALLEL, (at) => removeBeside(files, place, journal, at));
  } else {
    if (!isUndone) {
      await files.append(path, UNDO_LINE);
      await files.flush(path);
    }
    await inParallel(committed, PARALLEL, (file) => undoOne(files, place, journal, file, leftAlone));
    await flushFolders(files, place, journal);
  }
  await files.remove(path);
  await files.flushFolder(place.state);
  const count = (committed?.length ?? 0) - leftAlone.length;
  return { label, outcome: isFinished ? "finished" : "undone", files: count, leftAlone };
}

async function flushFolders(
  files: FileSystem,
  { base }: ReplacePlace,
  { paths, committed = [] }: Journal,
): Promise<void> {
  const folders = new Set(committed.map(({ at }) => folderOf(`${base}/${paths[at] ?? ""}`)));
  await inParallel([...folders], PARALLEL, (folder) => files.flushFolder(folder));
}

async function readJournal(files: FileSystem, { state }: ReplacePlace): Promise<Journal | undefined> {
  const path = `${state}/${JOURNAL}`;
  const text = await readJournalText(files, path);
  return text === undefined ? undefined : parseJournal(text, path);
}

async function removeBeside(
  files: FileSystem,
  place: ReplacePlace,
  { run, paths }: Journal,
  at: number,
): Promise<void> {
  const { staged, former } = besidePaths(place, run, paths[at] ?? "", at);
  await files.remove(staged);
  await files.remove(former);
}

async function finishOne(
  files: FileSystem,
  place: ReplacePlace,
  { run, paths }: Journal,
  { at, before }: CommittedFile,
  leftAlone: LeftAlone,
): Promise<void> {
  const path = paths[at] ?? "";
  const { target, staged } = besidePaths(place, run, path, at);
  if ((await files.find(staged)) === undefined) return;
  if (isSameFile(before, await files.find(target))) await files.rename(staged, target);
  else leftAlone.push({ path, former: undefined });
}

async function undoOne(
  files: FileSystem,
  place: ReplacePlace,
  { run, paths }: Journal,
  { at, before, after }: CommittedFile,
  leftAlone: LeftAlone,
): Promise<void> {
  const path = paths[at] ?? "";
  const { target, staged, former } = besidePaths(place, run, path, at);
  const now = await files.find(target);
  if (isSameFile(now, after)) {
    if (before === undefined) await files.remove(target);
    else if ((await files.find(former)) !== undefined) await files.rename(former, target);
  } else if (!isSameFile(now, before) && (await files.find(staged)) === undefined) {
    const kept = await files.find(former);
    // Without a kept file it was put back already, as a copy.
    if (kept === undefined && before !== undefined) return;
    leftAlone.push({ path, former: kept === undefined ? undefined : former.slice(place.base.length + 1) });
    return;
  }
  await files.remove(staged);
  await files.remove(former);
}
