import { primitives } from "#primitives";
import { concat } from "../bytes/concat.ts";
import { ClearText } from "../clear-text.ts";
import { ByteReader } from "./byte-reader.ts";
import { isArmored, unwrap } from "./decrypt.ts";
import { armorError, PAYLOAD_DAMAGED, payloadError } from "./errors.ts";
import { checkHeaderMac, headerBytes, readHeader } from "./header.ts";
import { CHUNK_BYTES, chunkNonce, NONCE_BYTES, payloadKey, SEALED_CHUNK_BYTES, TAG_BYTES } from "./payload.ts";
import type { Identity } from "./recipient.ts";

/** Encrypted bytes that can be read at any place: a file, an object in a store, an array. */
export interface RandomAccessSource {
  readonly size: number;
  /** The `length` bytes at `offset`; both lie within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** The clear text of an age file, any part of it. */
export interface RandomAccessReader {
  /** Bytes of clear text. */
  readonly size: number;
  /**
   * The `length` bytes at `offset`, fewer only at the end. Holds no more than these and one chunk of 64 KiB.
   *
   * @throws {AgeError} `AGE_PAYLOAD` for chunks that were changed; {RangeError} for places that are no places.
   */
  read(offset: number, length: number): Promise<ClearText>;
  /** Forgets the key and what is held. */
  close(): void;
}

/**
 * Opens an age file for reading any part of it without the parts before. The last chunk is opened at once: it alone tells
 * that nothing was cut off, so `size` can be trusted.
 *
 * @throws {AgeError} as `decrypt`; `AGE_ARMOR` for text, where a place in the file says nothing about one in the clear text.
 */
export async function openRandomAccess(
  source: RandomAccessSource,
  identities: readonly Identity[],
): Promise<RandomAccessReader> {
  const reader = new ByteReader(piecesOf(source));
  try {
    if (await isArmored(reader)) throw armorError("armored files cannot be read at random: take the armor off first");
    const header = await readHeader(reader);
    const fileKey = await unwrap(header.stanzas, identities);
    try {
      checkHeaderMac(header, fileKey);
      const nonce = concat(await reader.take(NONCE_BYTES));
      if (nonce.length < NONCE_BYTES) throw payloadError("unexpected EOF");
      const start = headerBytes(header) + NONCE_BYTES;
      const chunks = new Chunks(source, payloadKey(fileKey, nonce), start);
      await chunks.open(chunks.count - 1);
      return readerOf(chunks);
    } finally {
      fileKey.fill(0);
    }
  } finally {
    await reader.close();
  }
}

/** Most headers are shorter. */
const PIECE_BYTES = 4096;

async function* piecesOf({ size, read }: RandomAccessSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += PIECE_BYTES) yield await read(at, Math.min(PIECE_BYTES, size - at));
}

/** The chunks of a payload; the one that was opened last is kept, for whoever reads in small steps. */
class Chunks {
  readonly count: number;
  readonly clearBytes: number;
  readonly #source: RandomAccessSource;
  readonly #key: Uint8Array;
  readonly #start: number;
  #held: { readonly index: number; readonly clear: Uint8Array } | undefined;

  constructor(source: RandomAccessSource, key: Uint8Array, start: number) {
    const sealed = source.size - start;
    this.count = Math.ceil(sealed / SEALED_CHUNK_BYTES);
    const last = sealed - (this.count - 1) * SEALED_CHUNK_BYTES;
    if (this.count < 1 || last < TAG_BYTES || (last === TAG_BYTES && this.count > 1)) {
      throw payloadError("unexpected EOF");
    }
    this.clearBytes = sealed - this.count * TAG_BYTES;
    this.#source = source;
    this.#key = key;
    this.#start = start;
  }

  async open(index: number): Promise<Uint8Array> {
    if (this.#held?.index === index) return this.#held.clear;
    const at = this.#start + index * SEALED_CHUNK_BYTES;
    const length = Math.min(SEALED_CHUNK_BYTES, this.#source.size - at);
    const sealed = await this.#source.read(at, length);
    if (sealed.length !== length) throw payloadError("unexpected EOF");
    const nonce = chunkNonce(index, index === this.count - 1);
    const clear = primitives.chacha20Poly1305Open(this.#key, nonce, sealed);
    if (clear === undefined) throw payloadError(PAYLOAD_DAMAGED);
    this.#held = { index, clear };
    return clear;
  }

  close(): void {
    this.#key.fill(0);
    this.#held?.clear.fill(0);
    this.#held = undefined;
  }
}

function readerOf(chunks: Chunks): RandomAccessReader {
  let closed = false;
  return {
    size: chunks.clearBytes,
    async read(offset, length) {
      for (const [name, value] of Object.entries({ offset, length })) {
        if (Number.isSafeInteger(value) && value >= 0) continue;
        throw new RangeError(`"${name}" expected a whole number from 0, got ${value}`);
      }
      if (closed) throw new RangeError("the reader was closed");
      const end = Math.min(chunks.clearBytes, offset + length);
      const out = new Uint8Array(Math.max(0, end - offset));
      for (let at = offset; at < end; ) {
        const index = Math.floor(at / CHUNK_BYTES);
        const clear = await chunks.open(index);
        const part = clear.subarray(at - index * CHUNK_BYTES, end - index * CHUNK_BYTES);
        out.set(part, at - offset);
        at += part.length;
      }
      return new ClearText(out);
    },
    close() {
      closed = true;
      chunks.close();
    },
  };
}
