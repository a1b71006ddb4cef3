import { shellWord } from "../bytes/shell-word.ts";
import { FilesError } from "./errors.ts";
import type { FileIdentity, FileSystem } from "./file-system.ts";

/** Name of the journal in its folder. */
export const JOURNAL = "replace-files.journal";

const FORMAT = "replace-files";
const VERSION = 1;
const MAX_PATHS = 1_000_000;

/** One file of a run that goes ahead: its place in the list of paths, what stood there, and what is to stand there. */
export interface CommittedFile {
  readonly at: number;
  /** Undefined when there was no file. */
  readonly before: FileIdentity | undefined;
  readonly after: FileIdentity;
}

/**
 * What a run wrote down before it did it. It holds names and identities of files, and nothing of their content, not even
 * a hash: short texts can be found by their hashes.
 */
export interface Journal {
  /** Twelve hex digits that are in the names of all files of the run. */
  readonly run: string;
  /** What the run was for, in words for people. */
  readonly label: string;
  /** The files that it may replace, relative to the base folder, with `/`. */
  readonly paths: readonly string[];
  /** Set once every replacement was on the disk: from then on the run can be finished. */
  readonly committed: readonly CommittedFile[] | undefined;
  /** Somebody decided to undo it: it must not be finished any more. */
  readonly isUndone: boolean;
  /** Every file was replaced, and only the former ones remain to be removed. */
  readonly isDone: boolean;
}

export function firstLine({ run, label, paths }: Pick<Journal, "run" | "label" | "paths">): string {
  return line({ sealkit: FORMAT, version: VERSION, run, label, paths });
}

export function commitLine(files: readonly CommittedFile[]): string {
  return line({
    commit: files.map(({ at, before, after }) => [at, before === undefined ? null : short(before), short(after)]),
  });
}

/** These may follow a line that broke off on a full disk, so they begin a new one. */
export const UNDO_LINE: string = `\n${line({ undo: true })}`;
export const DONE_LINE: string = `\n${line({ done: true })}`;

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function short({ inode, size, modified }: FileIdentity): unknown[] {
  return [inode, size, modified];
}

/**
 * Reads a journal. A last line that breaks off was never finished and says nothing; so does a journal that has no whole
 * line, which is undefined here.
 *
 * @throws {FilesError} `FILES_JOURNAL_UNREADABLE` when it is of another version or no journal.
 */
export function parseJournal(text: string, where: string): Journal | undefined {
  const lines = text.split("\n").slice(0, -1);
  const [first, ...others] = lines.filter((each) => !isBrokenOff(each)).map((each) => parseLine(each, where));
  if (first === undefined) return undefined;
  if (first["sealkit"] !== FORMAT) throw unreadable(where, "it is no journal of replaced files");
  if (first["version"] !== VERSION)
    throw unreadable(where, `it is of version ${String(first["version"])}, and only ${VERSION} is known`);
  const { run, label, paths } = first;
  if (typeof run !== "string" || !/^[0-9a-f]{12}$/.test(run) || typeof label !== "string")
    throw unreadable(where, "its first line is damaged");
  if (!Array.isArray(paths) || paths.length > MAX_PATHS || !paths.every(isInside))
    throw unreadable(where, "it names files that it cannot be about");
  const commit = others.find((each) => "commit" in each);
  return {
    run,
    label,
    paths,
    committed: commit === undefined ? undefined : committedFiles(commit["commit"], paths.length, where),
    isUndone: others.some((each) => each["undo"] === true),
    isDone: others.some((each) => each["done"] === true),
  };
}

/** Nothing, or the beginning of one of the short lines. */
function isBrokenOff(text: string): boolean {
  return [UNDO_LINE, DONE_LINE].some((whole) => text.length < whole.length - 2 && whole.startsWith(`\n${text}`));
}

function parseLine(text: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw unreadable(where, "a line of it is damaged");
}

/** A path below the base folder, and no way out of it. */
function isInside(path: unknown): path is string {
  return (
    typeof path === "string" &&
    path !== "" &&
    !path.startsWith("/") &&
    !path.includes("\0") &&
    !path.split("/").some((part) => part === "" || part === "." || part === "..")
  );
}

function committedFiles(value: unknown, paths: number, where: string): CommittedFile[] {
  if (!Array.isArray(value)) throw unreadable(where, "its list of replaced files is damaged");
  return value.map((entry: unknown) => {
    const [at, before, after]: unknown[] = Array.isArray(entry) ? entry : [];
    const isKnown = typeof at === "number" && Number.isInteger(at) && at >= 0 && at < paths;
    const [was, is] = [identity(before), identity(after)];
    if (!isKnown || is === undefined || (before !== null && was === undefined)) {
      throw unreadable(where, "its list of replaced files is damaged");
    }
    return { at, before: was, after: is };
  });
}

function identity(value: unknown): FileIdentity | undefined {
  const [inode, size, modified]: unknown[] = Array.isArray(value) ? value : [];
  if (typeof inode !== "string" || typeof size !== "number" || typeof modified !== "string") return undefined;
  return { inode, size, modified };
}

/**
 * The text of a journal; undefined when there is none.
 *
 * @throws {FilesError} `FILES_JOURNAL_UNREADABLE` when something else stands in its place.
 */
export async function readJournalText(files: Pick<FileSystem, "read">, path: string): Promise<string | undefined> {
  return await files.read(path).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw unreadable(path, `it cannot be read: ${code}`);
  });
}

function unreadable(where: string, state: string): FilesError {
  return new FilesError("FILES_JOURNAL_UNREADABLE", `Cannot use the journal "${where}": ${state}`, {
    details: ["an earlier run that replaced files did not end, and this journal is all that says how far it came"],
    hints: [
      "finish it with the version of sealkit that began it",
      `or look at the files with git status, remove those that are called .sealkit-*, then: rm ${shellWord(where)}`,
    ],
  });
}
