import { chmod, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { makePrivateFolder, privatePlaces, removeLeftovers, removePrivateFolder } from "./private-folders-adapter.ts";

/** A file of clear text that nobody else can read, for as long as `work` runs. */
export interface PrivateFile {
  readonly path: string;
  /** The folder of its own that it is in. */
  readonly folder: string;
  read(): Promise<string>;
  /** Undefined when somebody removed it. */
  readBytes(): Promise<Uint8Array | undefined>;
  write(content: string | Uint8Array): Promise<void>;
}

export interface PrivateFileOptions {
  /** How the file is called, without a folder. */
  readonly name: string;
  /** Where to put it when there is no place in memory (`TMPDIR`). */
  readonly temporary: string | undefined;
  /** What it is for, such as the path of the file that is edited: others can ask who works on the same. */
  readonly subject: string;
}

/** Signals that end a program without a word; each with its number, for the exit status. */
const SIGNALS = [
  ["SIGHUP", 1],
  ["SIGQUIT", 3],
] as const;

/**
 * Runs `work` with a file (mode 0600) in a folder of its own (0700), in memory if there is such a place. The folder goes
 * with all that is in it, an editor's own copies too: when `work` ends in whatever way, when the program exits, and at
 * signals. What a killed program left is removed by the next one.
 */
export async function withPrivateFile<Result>(
  { name, temporary, subject }: PrivateFileOptions,
  work: (file: PrivateFile) => Promise<Result>,
): Promise<Result> {
  return await withPrivateFolder({ temporary, subject }, async (folder) => {
    const path = join(folder, name);
    const write = async (content: string | Uint8Array) => {
      const handle = await open(path, "w", 0o600);
      try {
        await handle.writeFile(content);
      } finally {
        await handle.close();
      }
    };
    const readBytes = () => readFile(path).catch(() => undefined);
    return await work({ path, folder, write, readBytes, read: () => readFile(path, "utf8") });
  });
}

/** Runs `work` with a private folder, as `withPrivateFile` does; others may pass through it when `isOpen` (mode 0711). */
export async function withPrivateFolder<Result>(
  { temporary, subject, isOpen = false }: Omit<PrivateFileOptions, "name"> & { readonly isOpen?: boolean },
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  await removeLeftovers(privatePlaces(temporary));
  const folder = await makePrivateFolder(temporary, subject);
  const remove = () => removePrivateFolder(folder);
  const endings = SIGNALS.map(([signal, number]) => {
    const end = () => {
      remove();
      process.exit(128 + number);
    };
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  process.on("exit", remove);
  try {
    if (isOpen) await chmod(folder, 0o711);
    return await work(folder);
  } finally {
    // What does not go now is tried again at the end, and by the next run: no work is lost for it.
    if (remove()) process.off("exit", remove);
    for (const stop of endings) stop();
  }
}
