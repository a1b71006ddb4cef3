import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

/** Compiled code of the whole bundle is a few MB; more is not ours. */
const MAX_BYTES = 64 * 1024 * 1024;
const PREFIX = "code-";

/** Who compiled, and for what: code of one command is of little use to another. */
export interface CodeOrigin {
  /** The build of the bundle. */
  readonly build: string;
  /** Node's version, the system and the processor. */
  readonly flavour: string;
  /** First word of the command line. */
  readonly command: string;
}

/**
 * Where this user's compiled code is kept: a file in `$XDG_CACHE_HOME/sealkit` (or `~/.cache/sealkit`), which must be
 * a real folder of this very user that nobody else may enter (it is made so). Undefined where no such folder can be
 * had, where the system has no user numbers, or when `SEALKIT_NO_CODE_CACHE` is set.
 */
export function userCacheFile(
  env: Readonly<Record<string, string | undefined>>,
  { build, flavour, command }: CodeOrigin,
): string | undefined {
  const base = env["XDG_CACHE_HOME"] || (env["HOME"] ? join(env["HOME"], ".cache") : "");
  if (!isAbsolute(base) || env["SEALKIT_NO_CODE_CACHE"]) return undefined;
  const folder = join(base, "sealkit");
  try {
    // One after the other: Node's recursive way never ends where a file system says that nothing is there (/proc).
    for (const path of [base, folder]) if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    const seen = lstatSync(folder);
    const isPrivate = seen.isDirectory() && seen.uid === process.getuid?.() && (seen.mode & 0o077) === 0;
    // Whatever was typed becomes part of a file name only when it can be a command.
    const word = /^[a-z][a-z-]{0,19}$/.test(command) ? command : "other";
    return isPrivate ? join(folder, `${PREFIX}${build}-${flavour}-${word}`) : undefined;
  } catch {
    return undefined;
  }
}

/** The compiled code in that file; undefined when there is none, or when it is a link or somebody else could write it. */
export function readUserCache(path: string): Buffer | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const seen = fstatSync(file);
      const isOwn = seen.isFile() && seen.uid === process.getuid?.() && (seen.mode & 0o022) === 0;
      return isOwn && seen.size <= MAX_BYTES ? readFileSync(file) : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Keeps compiled code for the next start, in one step, and drops that of other builds. Failing is no harm. */
export function writeUserCache(path: string, build: string, code: Uint8Array): void {
  const beside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(beside, code, { flag: "wx", mode: 0o600 });
    renameSync(beside, path);
    const folder = dirname(path);
    for (const name of readdirSync(folder)) {
      if (name.startsWith(PREFIX) && !name.startsWith(`${PREFIX}${build}-`)) unlinkSync(join(folder, name));
    }
  } catch {
    try {
      unlinkSync(beside);
    } catch {
      // It was never made, or is in place already.
    }
  }
}
