import { shellWord } from "../bytes/shell-word.ts";
import { FilesError } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";

const PREFIX = "lock-";
const ATTEMPTS = 5;

/** Who works on files, for others to see. */
export interface Worker {
  /** Letters, digits, `.` and `-`; of this process only, and never given again. */
  readonly name: string;
  /** Whether the worker of a name still runs; one on another machine counts as running, because nobody can tell. */
  isRunning(name: string): boolean;
  /** Waits a random moment, so that two that began at once do not give way to each other for ever. */
  pause(): Promise<void>;
}

/**
 * Holds the folder for one worker at a time. Each writes a lock under its own name and looks whether others are there: a
 * name never comes back, so the lock of a worker that is gone can be removed without hitting one that just came.
 *
 * @returns what releases it.
 * @throws {FilesError} `FILES_BUSY` when another worker runs.
 */
export async function lockFolder(files: FileSystem, folder: string, worker: Worker): Promise<() => Promise<void>> {
  const own = `${PREFIX}${worker.name}`;
  const path = `${folder}/${own}`;
  const release = async () => {
    await files.remove(path);
    await files.removeFolder(folder);
  };
  for (let attempt = 1; ; attempt++) {
    await files.makeFolder(folder);
    let other: string | undefined;
    try {
      await files.append(path, "");
    } catch (cause) {
      // Whoever was last here may take the folder away between the two steps.
      if (attempt === ATTEMPTS || !isMissing(cause)) throw cause;
      continue;
    }
    for (const name of await files.list(folder)) {
      if (name === own || !name.startsWith(PREFIX)) continue;
      if (worker.isRunning(name.slice(PREFIX.length))) other = name;
      else await files.remove(`${folder}/${name}`);
    }
    if (other === undefined) return release;
    await files.remove(path);
    if (attempt === ATTEMPTS) throw busy(`${folder}/${other}`, other.slice(PREFIX.length));
    await worker.pause();
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function busy(lock: string, name: string): FilesError {
  return new FilesError("FILES_BUSY", "Cannot replace files here: another run is under way", {
    details: [`by ${name}`],
    hints: ["wait until it is done", `or, if it ran on a machine that is gone: rm ${shellWord(lock)}`],
  });
}
