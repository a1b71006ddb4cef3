import { concat } from "../bytes/concat.ts";
import { showUtf8 } from "../bytes/utf8.ts";
import { ClearText } from "../clear-text.ts";
import { ARMOR_BEGIN, dearmor } from "./armor.ts";
import { ByteReader, type ByteSource } from "./byte-reader.ts";
import { AgeError, headerError } from "./errors.ts";
import { checkHeaderMac, headerBytes, readHeader } from "./header.ts";
import { LIMITS } from "./limits.ts";
import { decryptPayload, NONCE_BYTES, type PieceMemory, type RunAhead } from "./payload.ts";
import { FILE_KEY_BYTES, type Identity } from "./recipient.ts";
import { SCRYPT } from "./scrypt.ts";
import type { Stanza } from "./stanza.ts";

export interface DecryptOptions {
  /** Where pieces are made. By default each has memory of its own. */
  readonly memory?: PieceMemory | undefined;
  /** Works on chunks ahead of the source, unless the file is armored. The clear text that comes out then lacks them. */
  readonly ahead?: RunAhead | undefined;
}

/**
 * Decrypts an age file, armored or not, as a stream in bounded memory. All that comes out is authentic; only when the
 * generator has ended is it certain that nothing was cut off.
 *
 * @throws {AgeError} `AGE_ARMOR`, `AGE_HEADER`, `AGE_HEADER_MAC`, `AGE_NO_MATCH`, `AGE_WRONG_PASSPHRASE`,
 *   `AGE_WORK_FACTOR` before anything came out; `AGE_PAYLOAD` and `AGE_ARMOR` at the place of the damage.
 */
export async function* decrypt(
  file: ByteSource,
  identities: readonly Identity[],
  { memory, ahead }: DecryptOptions = {},
): AsyncGenerator<Uint8Array> {
  const outer = new ByteReader(file);
  let fileKey: Uint8Array | undefined;
  try {
    const armored = await isArmored(outer);
    const reader = armored ? new ByteReader(dearmor(outer.rest())) : outer;
    const header = await readHeader(reader);
    fileKey = await unwrap(header.stanzas, identities);
    checkHeaderMac(header, fileKey);
    const offset = headerBytes(header) + NONCE_BYTES;
    const run = armored || ahead === undefined ? undefined : (key: Uint8Array) => ahead({ key, offset });
    yield* decryptPayload(fileKey, reader, { memory, ahead: run });
  } finally {
    fileKey?.fill(0);
    await outer.close();
  }
}

/** As `decrypt`, for what is in memory already: all of the clear text, or an error and none. */
export async function decryptBytes(file: Uint8Array, identities: readonly Identity[]): Promise<ClearText> {
  const pieces: Uint8Array[] = [];
  for await (const piece of decrypt([file], identities)) pieces.push(piece);
  return new ClearText(concat(...pieces));
}

const MANGLED_CRLF = "age-encryption.org/v1\r";
const MANGLED_UTF16 = "\ufffd\ufffda\u0000g\u0000e\u0000-\u0000";

/** Whether the file is text; looks at its first bytes and takes none. */
export async function isArmored(reader: ByteReader): Promise<boolean> {
  const start = showUtf8(await reader.peek(LIMITS.armorMarginBytes + ARMOR_BEGIN.length));
  if (start.startsWith(MANGLED_CRLF) || start.startsWith(MANGLED_UTF16)) {
    throw new AgeError("AGE_HEADER", "Cannot read age file: its line endings or encoding were changed", {
      original: "invalid header intro",
      hints: ["PowerShell's > rewrites what it stores: encrypt with -o FILE, or with -a"],
    });
  }
  return start.trimStart().startsWith(ARMOR_BEGIN);
}

/** The file key. @throws {AgeError} `AGE_NO_MATCH`, `AGE_WRONG_PASSPHRASE`, and what an identity throws. */
export async function unwrap(stanzas: readonly Stanza[], identities: readonly Identity[]): Promise<Uint8Array> {
  const types = stanzas.map(({ type }) => type);
  if (types.includes(SCRYPT) && types.length > 1) throw headerError("an scrypt recipient must be the only one", "");
  for (const identity of undemandingFirst(identities)) {
    const fileKey = await identity.unwrap(stanzas);
    if (fileKey === undefined) continue;
    if (fileKey.length === FILE_KEY_BYTES) return fileKey;
    throw headerError("incorrect file key size", "");
  }
  throw noMatch(types, identities);
}

/** Nobody is to be asked for a PIN when a key file would do. Otherwise the order stays. */
function undemandingFirst(identities: readonly Identity[]): readonly Identity[] {
  const [asking, others] = [true, false].map((asks) =>
    identities.filter(({ needsSomebody = false }) => needsSomebody === asks),
  );
  return [...(others ?? []), ...(asking ?? [])];
}

/** The most names that one message lists, and the most of each: types of stanzas are anybody's text. */
const SHOWN = 10;
const NAME_LENGTH = 100;

function noMatch(types: readonly string[], identities: readonly Identity[]): AgeError {
  if (types.includes(SCRYPT) && identities.some(({ name }) => name === "passphrase")) {
    return new AgeError("AGE_WRONG_PASSPHRASE", "Cannot decrypt age file: the passphrase is not the right one", {
      original: "incorrect passphrase",
    });
  }
  const tried = identities.length === 0 ? "no identity" : listed(identities.map(({ name }) => name));
  return new AgeError("AGE_NO_MATCH", "Cannot decrypt age file: it is not encrypted to any of these identities", {
    original: "no identity matched any of the recipients",
    details: [`its recipients are of type: ${listed(counted(types))}`, `tried: ${tried}`],
    hints: ["ask someone who can read the file to encrypt it to one of your recipients as well"],
  });
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  const shown = names
    .slice(0, SHOWN)
    .map((name) => (name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name));
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

function counted(types: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => (count === 1 ? type : `${type} (${count} times)`));
}
