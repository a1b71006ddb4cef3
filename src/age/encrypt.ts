import { primitives } from "#primitives";
import { concat } from "../bytes/concat.ts";
import { armor } from "./armor.ts";
import type { ByteSource } from "./byte-reader.ts";
import { AgeError } from "./errors.ts";
import { formatHeader } from "./header.ts";
import { LIMITS } from "./limits.ts";
import { encryptPayload, NONCE_BYTES, type PieceMemory, type RunAhead } from "./payload.ts";
import { FILE_KEY_BYTES, POST_QUANTUM, type Recipient, type Wrapped } from "./recipient.ts";
import type { Stanza } from "./stanza.ts";

export interface EncryptOptions {
  /** Text of 64 columns instead of bytes. */
  readonly armor?: boolean;
  /** Where pieces are made; not with `armor`. By default each has memory of its own. */
  readonly memory?: PieceMemory | undefined;
  /** Works on chunks ahead of `plain`; not with `armor`. The age file then lacks them among the pieces that come out. */
  readonly ahead?: RunAhead | undefined;
}

/**
 * Encrypts a stream of any length to every one of `recipients`, in bounded memory: the pieces that come out together are
 * one age file.
 *
 * @throws {AgeError} `AGE_NO_RECIPIENTS`, `AGE_RECIPIENTS_MIXED`, and what a recipient throws.
 */
export function encrypt(
  plain: ByteSource,
  recipients: readonly Recipient[],
  { armor: armored = false, memory, ahead }: EncryptOptions = {},
): AsyncGenerator<Uint8Array> {
  const file = encryptBinary(plain, recipients, armored ? {} : { memory, ahead });
  return armored ? armor(file) : file;
}

/** As `encrypt`, for what is in memory already. */
export async function encryptBytes(
  plain: Uint8Array,
  recipients: readonly Recipient[],
  options: EncryptOptions = {},
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of encrypt([plain], recipients, { armor: options.armor ?? false })) pieces.push(piece);
  return concat(...pieces);
}

async function* encryptBinary(
  plain: ByteSource,
  recipients: readonly Recipient[],
  { memory, ahead }: Pick<EncryptOptions, "memory" | "ahead">,
): AsyncGenerator<Uint8Array> {
  const fileKey = primitives.randomBytes(FILE_KEY_BYTES);
  try {
    const header = formatHeader(await wrapAll(fileKey, recipients), fileKey);
    yield header;
    const offset = header.length + NONCE_BYTES;
    yield* encryptPayload(fileKey, plain, { memory, ahead: ahead && ((key) => ahead({ key, offset })) });
  } finally {
    fileKey.fill(0);
  }
}

async function wrapAll(fileKey: Uint8Array, recipients: readonly Recipient[]): Promise<Stanza[]> {
  if (recipients.length === 0) {
    throw new AgeError("AGE_NO_RECIPIENTS", "Cannot encrypt with age: no recipient was given", {
      original: "no recipients specified",
    });
  }
  const stanzas: Stanza[] = [];
  let common: string | undefined;
  for (const [index, recipient] of recipients.entries()) {
    const wrapped = await wrapFor(recipient, fileKey, index);
    const labels = JSON.stringify([...wrapped.labels].sort());
    common ??= labels;
    if (labels !== common) throw mixed(recipients, common, labels);
    stanzas.push(...wrapped.stanzas);
  }
  if (stanzas.length > LIMITS.stanzas) {
    throw new AgeError("AGE_RECIPIENTS_MIXED", "Cannot encrypt with age: too many recipients", {
      original: `header contains more than ${LIMITS.stanzas} recipient stanzas`,
      details: [`${stanzas.length} recipients, at most ${LIMITS.stanzas} can be read again`],
    });
  }
  return stanzas;
}

/** Says at which recipient a plugin failed; what is wrong with a recipient itself says so by its name. */
async function wrapFor(recipient: Recipient, fileKey: Uint8Array, index: number): Promise<Wrapped> {
  try {
    return await recipient.wrap(fileKey);
  } catch (error) {
    if (!(error instanceof AgeError) || !error.code.startsWith("AGE_PLUGIN_")) throw error;
    const { code, message, details, hints } = error;
    const original = `failed to wrap key for recipient #${index}: ${error.original}`;
    throw new AgeError(code, message, { original, details, hints });
  }
}

function mixed(recipients: readonly Recipient[], first: string, second: string): AgeError {
  const details = [`recipients: ${recipients.map(({ name }) => shortened(name)).join(", ")}`];
  if (first.includes(POST_QUANTUM) || second.includes(POST_QUANTUM)) {
    return new AgeError("AGE_RECIPIENTS_MIXED", "Cannot encrypt with age: these recipients cannot share a file", {
      original:
        "incompatible recipients: can't mix post-quantum and classic recipients, or the file would be vulnerable to " +
        "quantum computers",
      details,
      hints: ["use age1pq1… recipients only: sealkit age-keygen -pq -o key.txt"],
    });
  }
  return new AgeError("AGE_RECIPIENTS_MIXED", "Cannot encrypt with age: these recipients cannot share a file", {
    original: `incompatible recipients: ${first} and ${second} can't be mixed`,
    details,
    hints: ["a passphrase has to be the only recipient of a file"],
  });
}

/** The names of post-quantum recipients fill a screen. */
function shortened(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}
