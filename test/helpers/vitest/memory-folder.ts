import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** Of all test files at once, with room to spare. */
const NEEDED_BYTES = 1 << 30;

/**
 * Set-up of a whole run: temporary folders lie in memory where there is such a place, as what waits for a disk (to make,
 * sync and remove thousands of small files) is a large part of the time otherwise. A TMPDIR that somebody chose stays.
 */
export default function useMemory(): () => void {
  if (process.env["TMPDIR"] !== undefined || !isUsable()) return () => undefined;
  const folder = mkdtempSync(join(MEMORY, "sealkit-tests-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.env["TMPDIR"] = folder;
  // A run that is broken off leaves nothing either.
  process.once("exit", remove);
  return remove;
}

/** Mounted in memory, with space, and programs may be started there. */
function isUsable(): boolean {
  try {
    const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
    const [, , type, options = ""] = mounts.findLast((line) => line.split(" ")[1] === MEMORY)?.split(" ") ?? [];
    if (type !== "tmpfs" || options.split(",").some((option) => option === "noexec" || option === "ro")) return false;
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= NEEDED_BYTES;
  } catch {
    return false;
  }
}
