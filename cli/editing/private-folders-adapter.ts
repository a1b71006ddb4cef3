import { createHash } from "node:crypto";
import { readFileSync, readlinkSync, renameSync, rmSync } from "node:fs";
import { lstat, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";

/** In memory, where the system offers that: nothing of it reaches a disk. */
const MEMORY = "/dev/shm";

/** Entries of a folder for temporary files that are looked at. */
const MAX_ENTRIES = 50_000;

/** The process that made a folder, as the folder's name has it. A number of a process alone is used again some day. */
interface Maker {
  readonly pid: number;
  /** When it began, in ticks since the system started; `0` where the system does not say. */
  readonly started: string;
  /** The space of process numbers that `pid` is of; `0` where the system does not say. */
  readonly space: string;
}

/** A folder of some sealkit of this user. */
interface PrivateFolder {
  readonly path: string;
  readonly maker: Maker;
  /** What `subjectMark` gave for it. */
  readonly mark: string;
}

const NAME = /^sealkit-(\d{1,10})-(\d{1,20})-(\d{1,20})-([0-9a-f]{16})-\w+$/;

/** Where private folders may be, the best place first. */
export function privatePlaces(temporary: string | undefined): string[] {
  return [...new Set([MEMORY, ...(temporary === undefined ? [] : [temporary]), tmpdir()])];
}

/**
 * Makes a folder for its owner alone (mode 0700), in memory if there is such a place, else in `temporary` or the system's
 * folder for temporary files. Its name says who made it and, as a hash, what for (`subject`, e.g. the path of a file).
 */
export async function makePrivateFolder(temporary: string | undefined, subject: string): Promise<string> {
  const { pid, started, space } = ownMaker();
  const prefix = `sealkit-${pid}-${started}-${space}-${subjectMark(subject)}-`;
  for (const place of privatePlaces(temporary)) {
    const isFolder = (await stat(place).catch(() => undefined))?.isDirectory() === true;
    const folder = isFolder ? await mkdtemp(join(place, prefix)).catch(() => undefined) : undefined;
    if (folder !== undefined) return folder;
  }
  return await mkdtemp(join(tmpdir(), prefix));
}

/** Makes a private folder that of another process, which has to remove it. Returns its new name. */
export function handOver(folder: string, pid: number): string {
  const { space } = ownMaker();
  const name = basename(folder).replace(/^sealkit-\d+-\d+-\d+-/, `sealkit-${pid}-${startOf(pid) ?? "0"}-${space}-`);
  const given = join(dirname(folder), name);
  renameSync(folder, given);
  return given;
}

/**
 * Removes a private folder and all that is in it. It gets another name first: a helper of an editor that still writes swap
 * files by the name that it knows would fill it again while it is emptied. False when it could not be removed.
 */
export function removePrivateFolder(folder: string): boolean {
  const doomed = `${folder}_`;
  try {
    renameSync(folder, doomed);
  } catch {
    // Gone already, or renamed by an earlier try.
  }
  try {
    for (const path of [folder, doomed]) rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes the folders that sealkits of this user left behind because they were killed. A folder goes only when its name is
 * one of ours, it belongs to us, nobody else may look into it, and the process in its name is gone for certain.
 */
export async function removeLeftovers(places: readonly string[]): Promise<void> {
  for (const { path, maker } of await privateFolders(places)) {
    if (maker.space !== ownMaker().space || isAlive(maker)) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Processes of this user that have a private folder for the same subject, but for the one with the folder `own`. */
export async function othersWith(subject: string, own: string, places: readonly string[]): Promise<number[]> {
  const mark = subjectMark(subject);
  const { space } = ownMaker();
  return (await privateFolders(places))
    .filter((folder) => folder.mark === mark && folder.path !== own)
    .filter(({ maker }) => maker.space === space && isAlive(maker))
    .map(({ maker }) => maker.pid);
}

async function privateFolders(places: readonly string[]): Promise<PrivateFolder[]> {
  const found: PrivateFolder[] = [];
  for (const place of places) {
    const names = await readdir(place).catch(() => []);
    for (const name of names.slice(0, MAX_ENTRIES)) {
      const [, pid, started = "", space = "", mark = ""] = NAME.exec(name) ?? [];
      const path = join(place, name);
      if (pid !== undefined && (await isOurs(path))) {
        found.push({ path, mark, maker: { pid: Number(pid), started, space } });
      }
    }
  }
  return found;
}

/** Not a link, ours, and closed to others: they may pass through at most, as a command of another user has to. */
async function isOurs(path: string): Promise<boolean> {
  const seen = await lstat(path).catch(() => undefined);
  return seen?.isDirectory() === true && seen.uid === process.getuid?.() && (seen.mode & 0o066) === 0;
}

function subjectMark(subject: string): string {
  return createHash("sha256").update(subject).digest("hex").slice(0, 16);
}

let own: Maker | undefined;

function ownMaker(): Maker {
  own ??= { pid: process.pid, started: startOf(process.pid) ?? "0", space: processSpace() };
  return own;
}

function processSpace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}

/** Whether the process still runs. In doubt it does. */
function isAlive({ pid, started }: Maker): boolean {
  if (started !== "0") return startOf(pid) === started || (startOf(pid) === undefined && answers(pid));
  return answers(pid);
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** When a process began, field 22 of its status line; undefined when there is none. Source: proc(5). */
function startOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program, in parentheses, may hold anything.
    return line.slice(line.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
