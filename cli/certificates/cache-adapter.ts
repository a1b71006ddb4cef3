import { constants } from "node:fs";
import { lstat, mkdir, open } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { getuid } from "node:process";
import { CliError } from "../errors.ts";
import { errno, replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";

/** A certificate that was fetched before. */
export interface CachedCertificate {
  readonly pem: Uint8Array;
  /** When it was fetched, in milliseconds since the epoch. */
  readonly fetchedAt: number;
}

/** A certificate takes two kilobytes; more is none of ours. */
const MAX_BYTES = 64 * 1024;

/** How far the clock may have gone back before a certificate "of the future" counts as unknown. */
const CLOCK_SLACK_MS = 5 * 60_000;

/** Where the certificate of a cluster is kept; undefined when the environment names neither a cache nor a home. */
export function cachePath({ env }: Pick<Io, "env">, key: string): string | undefined {
  const { XDG_CACHE_HOME: cache, HOME: home } = env;
  // A relative XDG path is invalid and ignored, says the specification.
  if (cache !== undefined && isAbsolute(cache)) return join(cache, "sealkit", "certificates", `${key}.pem`);
  if (home === undefined || home === "") return undefined;
  return join(home, ".cache", "sealkit", "certificates", `${key}.pem`);
}

/**
 * What is kept there. Undefined when there is nothing, when somebody else could have put it there (a link, another
 * owner, or writable for others, the file or its folder), or when it does not say when it was fetched.
 */
export async function readCached(path: string, now: number): Promise<CachedCertificate | undefined> {
  try {
    const folder = await lstat(dirname(path));
    if (!folder.isDirectory() || !isOurs(folder)) return undefined;
    // What was looked at has to be what is read: a name can lead to another file a moment later.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const seen = await handle.stat();
      if (!seen.isFile() || !isOurs(seen) || seen.size > MAX_BYTES) return undefined;
      const pem = await handle.readFile();
      const fetchedAt = Date.parse(/^# fetched (\S+)/.exec(pem.toString("latin1"))?.[1] ?? "");
      return fetchedAt <= now + CLOCK_SLACK_MS ? { pem, fetchedAt } : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

/** Whether nobody else can have written there. */
function isOurs({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return (getuid === undefined || uid === getuid()) && (mode & 0o022) === 0;
}

/**
 * Keeps a certificate, for the owner alone, in one step.
 *
 * @throws {CliError} when it cannot be written, or others could change it there.
 */
export async function writeCached(io: Io, path: string, pem: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const seen = await lstat(folder);
  const isLink = await lstat(path).then((file) => !file.isFile(), isPresent);
  if (!seen.isDirectory() || !isOurs(seen) || isLink) {
    throw new CliError("CLI_FILE_DENIED", `Cannot write "${path}": others could change what is there`, {
      hints: ["set XDG_CACHE_HOME to a folder of your own"],
    });
  }
  const heading = Buffer.from(`# fetched ${new Date(io.now()).toISOString()}\n`);
  await replaceFile(io, path, Buffer.concat([heading, pem]), { mode: 0o600 });
}

function isPresent(cause: unknown): boolean {
  return errno(cause) !== "ENOENT";
}
