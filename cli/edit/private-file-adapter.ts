import { rmSync } from "node:fs";
import { mkdtemp, open, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** A file of clear text that nobody else can read, for as long as `work` runs. */
export interface PrivateFile {
  readonly path: string;
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

/** In memory, where the system offers that: nothing of it reaches a disk. */
const MEMORY = "/dev/shm";

/** Signals that end a program without a word; each with its number, for the exit status. */
const SIGNALS = [
  ["SIGHUP", 1],
  ["SIGQUIT", 3],
] as const;

/**
 * Runs `work` with a file (mode 0600) in a folder of its own (0700), in memory if there is such a place, else in
 * `temporary` or the system's folder for temporary files. The folder goes with all that is in it, an editor's own
 * copies too: when `work` ends in whatever way, when the program exits, and at signals.
 */
export async function withPrivateFile<Result>(
  name: string,
  temporary: string | undefined,
  work: (file: PrivateFile) => Promise<Result>,
): Promise<Result> {
  const folder = await privateFolder(temporary);
  const remove = () => rmSync(folder, { recursive: true, force: true });
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
    const path = join(folder, name);
    const write = async (text: string) => {
      const handle = await open(path, "w", 0o600);
      try {
        await handle.writeFile(text);
      } finally {
        await handle.close();
      }
    };
    return await work({ path, write, read: () => readFile(path, "utf8") });
  } finally {
    await rm(folder, { recursive: true, force: true });
    process.off("exit", remove);
    for (const stop of endings) stop();
  }
}

async function privateFolder(temporary: string | undefined): Promise<string> {
  for (const place of [MEMORY, temporary, tmpdir()]) {
    const isFolder = place !== undefined && (await stat(place).catch(() => undefined))?.isDirectory() === true;
    const folder = isFolder ? await mkdtemp(join(place, "sealkit-")).catch(() => undefined) : undefined;
    if (folder !== undefined) return folder;
  }
  return await mkdtemp(join(tmpdir(), "sealkit-"));
}
