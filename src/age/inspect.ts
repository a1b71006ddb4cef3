import { dearmor } from "./armor.ts";
import { ByteReader, type ByteSource } from "./byte-reader.ts";
import { isArmored } from "./decrypt.ts";
import { AgeError, type AgeErrorContext } from "./errors.ts";
import { readHeader } from "./header.ts";
import { NONCE_BYTES, SEALED_CHUNK_BYTES, TAG_BYTES } from "./payload.ts";

/** What an age file shows to whoever cannot decrypt it. Nothing of it is authenticated. */
export interface AgeInspection {
  readonly version: "age-encryption.org/v1";
  /** Whether quantum computers would leave the file closed; one recipient of a classic type is enough for "no". */
  readonly postQuantum: "yes" | "no" | "unknown";
  readonly isArmored: boolean;
  /** Types of the recipients, in order. Anybody's text: printable ASCII, of any length. */
  readonly stanzaTypes: readonly string[];
  /** In bytes; what `armor` counts is what the text form adds, `overhead` is the payload's nonce and tags. */
  readonly sizes: {
    readonly header: number;
    readonly armor: number;
    readonly overhead: number;
    readonly payload: number;
  };
}

const CLASSIC = ["X25519", "ssh-rsa", "ssh-ed25519", "p256tag", "piv-p256"];
const POST_QUANTUM = ["scrypt", "mlkem768x25519", "mlkem768p256tag"];

/**
 * Reads the header of an age file, armored or not, and counts the rest in bounded memory. No key is needed.
 *
 * @throws {AgeError} `AGE_HEADER`, `AGE_ARMOR`; `AGE_PAYLOAD` when no clear text has a payload of this size.
 */
export async function inspect(file: ByteSource): Promise<AgeInspection> {
  const counted = new Counted(file);
  const outer = new ByteReader(counted.pieces());
  try {
    const armored = await isArmored(outer);
    const inner = new Counted(armored ? dearmor(outer.rest()) : outer.rest());
    const reader = new ByteReader(inner.pieces());
    const { stanzas } = await readHeader(reader);
    const payload = await lengthOf(reader);
    const stanzaTypes = stanzas.map(({ type }) => type);
    return {
      version: "age-encryption.org/v1",
      postQuantum: postQuantum(stanzaTypes),
      isArmored: armored,
      stanzaTypes,
      sizes: { header: inner.bytes - payload, armor: counted.bytes - inner.bytes, ...payloadSizes(payload) },
    };
  } finally {
    await outer.close();
  }
}

/** Counts what goes through. */
class Counted {
  bytes = 0;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#source) {
      this.bytes += piece.length;
      yield piece;
    }
  }
}

async function lengthOf(reader: ByteReader): Promise<number> {
  let length = 0;
  try {
    for await (const piece of reader.rest()) length += piece.length;
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    const { code, message, details, hints } = error;
    throw new AgeError(code, message, { original: `failed to read rest of file: ${error.original}`, details, hints });
  }
  return length;
}

function postQuantum(types: readonly string[]): AgeInspection["postQuantum"] {
  if (types.some((type) => CLASSIC.includes(type))) return "no";
  return types.every((type) => POST_QUANTUM.includes(type)) ? "yes" : "unknown";
}

/** A nonce, then chunks with a tag each, of which only a sole one may be empty. */
function payloadSizes(length: number): { readonly overhead: number; readonly payload: number } {
  if (length < NONCE_BYTES) throw impossible(`encrypted size too small: ${length}`);
  const sealed = length - NONCE_BYTES;
  const chunks = Math.ceil(sealed / SEALED_CHUNK_BYTES);
  const last = sealed - (chunks - 1) * SEALED_CHUNK_BYTES;
  if (chunks === 0 || last < TAG_BYTES || (last === TAG_BYTES && chunks > 1)) {
    throw impossible(`invalid encrypted payload size: ${sealed}`);
  }
  const overhead = NONCE_BYTES + chunks * TAG_BYTES;
  return { overhead, payload: length - overhead };
}

function impossible(reason: string): AgeError {
  const context: AgeErrorContext = { original: `failed to compute stream overhead: ${reason}`, details: [reason] };
  return new AgeError("AGE_PAYLOAD", "Cannot inspect age file: its payload was cut off or added to", context);
}
