import { primitives } from "#primitives";
import { concat } from "../bytes/concat.ts";
import type { ByteReader, ByteSource } from "./byte-reader.ts";
import { Chunker } from "./chunker.ts";
import { headerError, PAYLOAD_DAMAGED, payloadError, shortened } from "./errors.ts";

export const CHUNK_BYTES = 64 * 1024;
export const NONCE_BYTES = 16;
export const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
/** One result holds at most this many chunks, so memory stays bounded whatever the size of the pieces that come in. */
const CHUNKS_AT_ONCE = 16;

/**
 * Memory for a piece of a result, at least `length` bytes and at most 1 MiB and 256 bytes are asked for. What it gave
 * before may be given again when whoever takes the pieces is done with that piece.
 */
export type PieceMemory = (length: number) => Uint8Array;

/** New memory for every piece: nobody knows how long it is held. */
const freshMemory: PieceMemory = (length) => new Uint8Array(length);

/** The chunks of a payload from the first on, for whoever can read and write both files at any place. */
export interface ChunkRun {
  /** Of the payload. */
  readonly key: Uint8Array;
  /** Where the first chunk stands in the age file. */
  readonly offset: number;
}

/**
 * Works on a payload ahead of its source: on as many chunks as it can, from the first on, but never on the last. It puts
 * the results into their places itself and moves the source behind those chunks. Resolves with how many they are; with
 * none the source stays where it is. A chunk that it cannot open is simply not done: it comes from the source then, and
 * what is wrong with it is found out there. Of chunks to be sealed it does all but the last, or says "anew".
 */
export type RunAhead = (run: ChunkRun) => Promise<RunAheadResult>;

/**
 * How many chunks are done; or `anew`: some may have been sealed, and source and result stand again where the first chunk
 * and the nonce of the payload do. What was sealed under a key is never sealed under it again, as the source may be
 * another by then.
 */
export type RunAheadResult = number | "anew";

export interface PayloadOptions {
  readonly memory?: PieceMemory | undefined;
  /** Gets the key of the payload. */
  readonly ahead?: ((key: Uint8Array) => Promise<RunAheadResult>) | undefined;
}

/**
 * The payload of an age file: a nonce of 16 bytes, then ChaCha20-Poly1305 over chunks of 64 KiB.
 *
 * The chunk nonce is an 11-byte big-endian counter and a byte that is 1 for the last chunk, which is what makes cutting
 * and reordering visible (STREAM). The last chunk may be full, and is empty only when the whole payload is.
 * Results grow with the pieces of `plain`: at least one chunk, at most 1 MiB.
 *
 * Source: C2SP age specification, "Payload".
 */
export async function* encryptPayload(
  fileKey: Uint8Array,
  plain: ByteSource,
  { memory = freshMemory, ahead }: PayloadOptions = {},
): AsyncGenerator<Uint8Array> {
  let nonce = primitives.randomBytes(NONCE_BYTES);
  let key = payloadKey(fileKey, nonce);
  yield nonce;
  let done = (await ahead?.(key)) ?? 0;
  if (done === "anew") {
    nonce = primitives.randomBytes(NONCE_BYTES);
    key = payloadKey(fileKey, nonce);
    done = 0;
    yield nonce;
  }
  const chunker = new Chunker(CHUNK_BYTES);
  const counter = new ChunkNonce(done);
  for await (const piece of plain) {
    for (const batch of batches(chunker.push(piece))) {
      const length = batch.length * SEALED_CHUNK_BYTES;
      const out = memory(length).subarray(0, length);
      batch.forEach((chunk, index) => {
        primitives.chacha20Poly1305SealInto(out.subarray(index * SEALED_CHUNK_BYTES), key, counter.next(false), chunk);
      });
      yield out;
    }
  }
  const last = chunker.end();
  if (last.length === 0 && counter.count > 0) throw shortened();
  yield primitives.chacha20Poly1305Seal(key, counter.next(true), last);
}

/**
 * The clear text of a payload, `reader` standing at its nonce. Every byte that comes out is authentic; that it is all
 * there is sure only when the generator has ended.
 *
 * @throws {AgeError} `AGE_PAYLOAD` for damage; what stood before the damage has come out by then. `AGE_HEADER` when not
 *   even the nonce is there. `AGE_ARMOR` when the source is broken armor.
 */
export async function* decryptPayload(
  fileKey: Uint8Array,
  reader: ByteReader,
  { memory = freshMemory, ahead }: PayloadOptions = {},
): AsyncGenerator<Uint8Array> {
  const nonce = concat(await reader.take(NONCE_BYTES));
  if (nonce.length < NONCE_BYTES) {
    throw headerError(nonce.length === 0 ? "EOF" : "unexpected EOF", "failed to read nonce: ");
  }
  const key = payloadKey(fileKey, nonce);
  const done = (await ahead?.(key)) ?? 0;
  if (done === "anew") throw new TypeError('"ahead" expected to open chunks, got one that seals');
  // It was read before the source was moved.
  if (done > 0) reader.drop();
  const chunker = new Chunker(SEALED_CHUNK_BYTES);
  const counter = new ChunkNonce(done);
  for await (const piece of reader.rest()) {
    for (const batch of batches(chunker.push(piece))) {
      const { plain, problem } = openBatch(batch, { key, counter, memory });
      if (plain.length > 0) yield plain;
      if (problem !== undefined) throw problem;
    }
  }
  const last = chunker.end();
  if (last.length === 0) throw payloadError("unexpected EOF");
  const plain = primitives.chacha20Poly1305Open(key, counter.next(true), last);
  if (plain === undefined) {
    // A file that stops after a whole chunk: that chunk opens as one that is not the last.
    const middle = primitives.chacha20Poly1305Open(key, counter.again(false), last);
    if (middle === undefined || last.length < SEALED_CHUNK_BYTES) throw payloadError(PAYLOAD_DAMAGED);
    yield middle;
    throw payloadError("unexpected EOF");
  }
  if (plain.length === 0 && counter.count > 1) {
    throw payloadError("last chunk is empty, try age v1.0.0, and please consider reporting this");
  }
  yield plain;
}

interface OpenedBatch {
  readonly plain: Uint8Array;
  readonly problem: Error | undefined;
}

interface Opening {
  readonly key: Uint8Array;
  readonly counter: ChunkNonce;
  readonly memory: PieceMemory;
}

function openBatch(batch: readonly Uint8Array[], { key, counter, memory }: Opening): OpenedBatch {
  const room = batch.length * CHUNK_BYTES;
  const out = memory(room).subarray(0, room);
  let length = 0;
  for (const chunk of batch) {
    if (!primitives.chacha20Poly1305OpenInto(out.subarray(length), key, counter.next(false), chunk)) {
      // A full last chunk with something behind it: the chunk itself is authentic, the rest is not ours.
      const last = primitives.chacha20Poly1305Open(key, counter.again(true), chunk);
      if (last === undefined) return { plain: out.subarray(0, length), problem: payloadError(PAYLOAD_DAMAGED) };
      out.set(last, length);
      const problem = payloadError("trailing data after end of encrypted file");
      return { plain: out.subarray(0, length + last.length), problem };
    }
    length += CHUNK_BYTES;
  }
  return { plain: out, problem: undefined };
}

/**
 * Seals whole chunks that stand one behind the other, none of them the last. `first` is the number of the first. Returns
 * how many they are.
 */
export function sealChunks(key: Uint8Array, first: number, plain: Uint8Array, out: Uint8Array): number {
  const count = plain.length / CHUNK_BYTES;
  for (let at = 0; at < count; at++) {
    const chunk = plain.subarray(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES);
    primitives.chacha20Poly1305SealInto(
      out.subarray(at * SEALED_CHUNK_BYTES),
      key,
      chunkNonce(first + at, false),
      chunk,
    );
  }
  return count;
}

/** The other way; returns how many could be opened before the first that could not, the last chunk among them. */
export function openChunks(key: Uint8Array, first: number, sealed: Uint8Array, out: Uint8Array): number {
  const count = sealed.length / SEALED_CHUNK_BYTES;
  for (let at = 0; at < count; at++) {
    const chunk = sealed.subarray(at * SEALED_CHUNK_BYTES, (at + 1) * SEALED_CHUNK_BYTES);
    const nonce = chunkNonce(first + at, false);
    if (!primitives.chacha20Poly1305OpenInto(out.subarray(at * CHUNK_BYTES), key, nonce, chunk)) return at;
  }
  return count;
}

export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return primitives.hkdfSha256(fileKey, nonce, "payload", 32);
}

function* batches(chunks: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  for (let at = 0; at < chunks.length; at += CHUNKS_AT_ONCE) yield chunks.slice(at, at + CHUNKS_AT_ONCE);
}

/** Counts chunks and makes their nonces. */
class ChunkNonce {
  #count: number;

  /** @param count chunks that are done already */
  constructor(count: number) {
    this.#count = count;
  }

  get count(): number {
    return this.#count;
  }

  next(last: boolean): Uint8Array {
    this.#count++;
    return this.again(last);
  }

  /** The nonce of the chunk that `next` was called for before. */
  again(last: boolean): Uint8Array {
    return chunkNonce(this.#count - 1, last);
  }
}

/** The nonce of the chunk with this number, from 0. */
export function chunkNonce(index: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  // 2^53 chunks are 590 exabytes: the upper bytes of the counter stay zero.
  new DataView(nonce.buffer).setBigUint64(3, BigInt(index));
  nonce[11] = last ? 1 : 0;
  return nonce;
}
