import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { getuid } from "node:process";
import { replaceFile } from "../files-adapter.ts";
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
 * What is kept there. Undefined when there is nothing, when somebody else could have put it there (another owner, or
 * writable for others), or when it does not say when it was fetched.
 */
export async function readCached(path: string, now: number): Promise<CachedCertificate | undefined> {
  try {
    const { uid, mode, size } = await stat(path);
    const isOwn = getuid === undefined || uid === getuid();
    if (!isOwn || (mode & 0o022) !== 0 || size > MAX_BYTES) return undefined;
    const pem = await readFile(path);
    const fetchedAt = Date.parse(/^# fetched (\S+)/.exec(pem.toString("latin1"))?.[1] ?? "");
    return fetchedAt <= now + CLOCK_SLACK_MS ? { pem, fetchedAt } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps a certificate, for the owner alone, in one step.
 *
 * @throws {CliError} when it cannot be written.
 */
export async function writeCached(io: Io, path: string, pem: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const heading = Buffer.from(`# fetched ${new Date(io.now()).toISOString()}\n`);
  await replaceFile(io, path, Buffer.concat([heading, pem]), { mode: 0o600 });
}
