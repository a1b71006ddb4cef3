import { spawn } from "node:child_process";
import { once } from "node:events";
import { handOver, removePrivateFolder } from "../../editing/private-folders-adapter.ts";
import { errno } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import type { BackgroundOptions } from "../../run-program-adapter.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { startShell } from "./shell.ts";

/** Reads the name of a folder, waits until nobody holds the other end of its input any more, and removes the folder. */
const GUARD = `trap '' HUP INT; IFS= read -r folder || exit 0; cat >/dev/null; rm -rf -- "$folder"`;

/**
 * Starts a command with a private folder and leaves both alone: a guard removes the folder when the command has ended, and
 * all that it started and did not let go. The folder is the guard's then, and has another name.
 *
 * @param line Makes the command line, of the folder's new name.
 * @throws {SopsFailure} when something cannot be started; the folder is gone then.
 */
export async function startWithFolder(
  io: Io,
  folder: string,
  { line, ...options }: BackgroundOptions & { readonly line: (folder: string) => string },
): Promise<void> {
  // The guard reads one line.
  if (folder.includes("\n")) throw notStarted("TMPDIR has a line break in it");
  const guard = spawn("/bin/sh", ["-c", GUARD], {
    cwd: "/",
    env: { PATH: io.env["PATH"] },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  try {
    await once(guard, "spawn");
  } catch (error) {
    throw notStarted(errno(error) ?? "unknown");
  }
  const { pid, stdin } = guard;
  if (pid === undefined) throw notStarted("unknown");
  stdin.on("error", () => undefined);
  let guarded = folder;
  try {
    guarded = handOver(folder, pid);
    await new Promise((written) => stdin.write(`${guarded}\n`, written));
    await startShell(io, line(guarded), { ...options, held: stdin });
  } catch (error) {
    removePrivateFolder(guarded);
    throw error;
  } finally {
    guard.unref();
    stdin.destroy();
  }
}

function notStarted(state: string): SopsFailure {
  return new SopsFailure(SOPS_EXIT.generic, `error: Cannot run the command in the background: ${state}`);
}
