import { AgeError, type Identity, parseIdentitiesFile, parseIdentity } from "../../src/age/index.ts";
import { ToolkitError } from "../../src/errors.ts";
import {
  type Backup,
  backupDigest,
  type CombinedIdentity,
  combineIdentity,
  isAgeFile,
  type KeyShare,
  parseBackupDigest,
  parseShares,
  readBackup,
} from "../../src/keys/index.ts";
import { CliError } from "../errors.ts";
import { readTextFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { type PlaceOptions, readBackupPlace } from "./backup-place.ts";

const MAX_SHARE_BYTES = 64 * 1024;

/** How to open the backup that a command was given. */
export interface OpenBackupOptions extends PlaceOptions {
  /** Files of age identities. */
  readonly identityFiles: readonly string[];
  /** Files with shares of an identity. */
  readonly shareFiles?: readonly string[] | undefined;
  /** SHA-256 of the file that is wanted, and of no other. */
  readonly expectDigest?: string | undefined;
  /** How the names of sealing keys begin. */
  readonly prefix?: string | undefined;
  /** A command line that opens it, for whoever named no identity. */
  readonly remedy: string;
}

/**
 * Reads a backup: a file, `s3://BUCKET/KEY` or `oci://REGISTRY/REPOSITORY:TAG`; with the identities of files.
 *
 * @throws {CliError} `CLI_BAD_FLAG` when it is encrypted and no identity was named; `CLI_BAD_INPUT` when a file is
 *   not what it should be: the details name it.
 */
export async function openBackup(io: Io, path: string, options: OpenBackupOptions): Promise<OpenedBackup> {
  const bytes = await readBackupPlace(io, path, options);
  return { ...(await openBackupBytes(io, bytes, { ...options, path })), digest: backupDigest(bytes) };
}

/** A backup, and what its file is known by: `sha256:…` */
export interface OpenedBackup extends Backup {
  readonly digest: string;
}

/** Reads a backup whose bytes are here already; `path` is where they came from. @throws {CliError} as `openBackup` */
export async function openBackupBytes(
  io: Io,
  bytes: Uint8Array,
  options: OpenBackupOptions & { readonly path: string },
): Promise<Backup> {
  const { path, identityFiles, shareFiles = [], prefix, remedy } = options;
  const { expectDigest: given } = options;
  // What is no digest is that of no file.
  const expectDigest = given === undefined ? undefined : (parseBackupDigest(given) ?? given);
  const identities: Identity[] = [];
  if (shareFiles.length > 0) {
    identities.push(parseIdentity((await combineFiles(io, shareFiles)).identity.revealText()));
  }
  for (const name of identityFiles) identities.push(...(await readIdentities(io, name)));
  if (isAgeFile(bytes) && identities.length === 0) {
    throw new CliError("CLI_BAD_FLAG", `Cannot open "${path}": it is encrypted, and no identity was named`, {
      hints: [remedy, "or with shares of the identity: --share FILE, as many as it takes"],
    });
  }
  return await inFile(path, () => readBackup(bytes, { identities, prefix, expectDigest }), waysToOpen);
}

/** The identities in a key file. @throws {CliError} `CLI_BAD_INPUT`, naming the file. */
export async function readIdentities(io: Io, path: string): Promise<readonly Identity[]> {
  const text = await readTextFile(io, path);
  return await inFile(
    path,
    () => parseIdentitiesFile(text),
    ({ hints }) =>
      hints.length > 0 ? hints : ["name a key file, as this writes one: sealkit age-keygen -o identity.txt"],
  );
}

/** The identity that the shares in files belong to. @throws {KeysError} `KEYS_SHARE_*`; {CliError} */
export async function combineFiles(io: Io, paths: readonly string[]): Promise<CombinedIdentity> {
  const shares: KeyShare[] = [];
  for (const path of paths)
    shares.push(...parseShares(await readTextFile(io, path, { maxBytes: MAX_SHARE_BYTES }), path));
  return combineIdentity(shares);
}

function waysToOpen(cause: ToolkitError): readonly string[] {
  // Whoever keeps a backup has its identity somewhere; nobody can encrypt it anew.
  if (cause instanceof AgeError && cause.code === "AGE_NO_MATCH") {
    return ["name the identity that it was made for: -i FILE; or its shares: --share FILE, as many as it takes"];
  }
  return cause.hints.length > 0 ? cause.hints : ["the file is cut off or altered: take another copy of it"];
}

/** What fails in `work` is told with the file it was about, and with a way on. @throws {CliError} `CLI_BAD_INPUT` */
export async function inFile<Result>(
  path: string,
  work: () => Result | Promise<Result>,
  waysOn: (cause: ToolkitError) => readonly string[],
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof ToolkitError)) throw cause;
    throw new CliError("CLI_BAD_INPUT", cause.message, {
      cause,
      details: [`in "${path}"`, ...cause.details],
      hints: waysOn(cause),
    });
  }
}
