import { createCipheriv, createDecipheriv, randomFillSync, timingSafeEqual } from "node:crypto";
import { type Envelope, formatEnvelope } from "./envelope.ts";

/** Bytes of a data key as the format writes it. The original also opens files with AES-128 and AES-192 keys. */
export const DATA_KEY_BYTES = 32;
const KEY_SIZES: readonly number[] = [16, 24, DATA_KEY_BYTES];

/** The format's IV is 32 bytes, not the usual 12; readers take any length. */
const IV_BYTES = 32;
const TAG_BYTES = 16;
/** Longer ones OpenSSL does not take, and nobody writes them. */
const MAX_IV_BYTES = 128;
/** IVs that are made at once: for a few values few, for many as many as it takes to make the call cheap. */
const FIRST_IVS = 8;
const MOST_IVS = 128;

/** Fills a buffer with random bytes. */
export type FillRandom = (buffer: Uint8Array) => void;

/**
 * Encrypts and decrypts the values of one file with its data key: AES-256-GCM, the value's path as additional data.
 *
 * A cipher that has decrypted values remembers their IVs when told to, and uses them again for the same value at the
 * same path, so that a value nobody touched is written as it was. This is safe: equal key, IV and input give the equal
 * output that the file already shows.
 */
export class ValueCipher {
  /** Not a key object: OpenSSL takes half as long to begin with the bytes. */
  readonly #key: Uint8Array;
  readonly #algorithm: "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm";
  readonly #fillRandom: FillRandom;
  readonly #knownIvs: Map<string, Buffer> | undefined;
  #pool: Buffer = Buffer.alloc(0);
  #poolAt = 0;
  #ivs = FIRST_IVS;

  /** `dataKey` must be 16, 24 or 32 bytes (`isDataKey`). */
  constructor(dataKey: Uint8Array, options: { fillRandom?: FillRandom; rememberIvs?: boolean } = {}) {
    this.#key = new Uint8Array(dataKey);
    this.#algorithm = dataKey.length === 16 ? "aes-128-gcm" : dataKey.length === 24 ? "aes-192-gcm" : "aes-256-gcm";
    this.#fillRandom = options.fillRandom ?? ((buffer) => void randomFillSync(buffer));
    this.#knownIvs = options.rememberIvs === true ? new Map() : undefined;
  }

  /** The plaintext, or undefined when key, path, data, IV and tag do not belong together. */
  open({ data, iv, tag, type }: Envelope, additional: string): Buffer | undefined {
    if (iv.length === 0 || iv.length > MAX_IV_BYTES || tag.length !== TAG_BYTES) return undefined;
    const decipher = createDecipheriv(this.#algorithm, this.#key, iv);
    decipher.setAAD(Buffer.from(additional));
    decipher.setAuthTag(tag);
    const plain = decipher.update(data);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    this.#knownIvs?.set(ivKey(additional, type, plain), Buffer.from(iv));
    return plain;
  }

  /** The text form of an encrypted value. */
  seal(plain: string | Uint8Array, type: string, additional: string): string {
    const bytes = typeof plain === "string" ? Buffer.from(plain) : plain;
    const iv = this.#knownIvs?.get(ivKey(additional, type, bytes)) ?? this.#freshIv();
    const cipher = createCipheriv(this.#algorithm, this.#key, iv);
    cipher.setAAD(Buffer.from(additional));
    const data = cipher.update(bytes);
    cipher.final();
    return formatEnvelope(data, iv, cipher.getAuthTag(), type);
  }

  /**
   * A cipher with another data key that knows the same IVs: the original keeps them when it rotates the key. An IV is
   * used again for the same value at the same path only, so under the new key no two texts share one. One that two texts
   * of the file share is not: no program writes that, but whoever had the old key could, to forge under the new one.
   */
  withKey(dataKey: Uint8Array): ValueCipher {
    const other = new ValueCipher(dataKey, { fillRandom: this.#fillRandom, rememberIvs: true });
    const uses = new Map<string, number>();
    for (const iv of this.#knownIvs?.values() ?? []) {
      const text = iv.toString("latin1");
      uses.set(text, (uses.get(text) ?? 0) + 1);
    }
    for (const [key, iv] of this.#knownIvs ?? []) {
      if (uses.get(iv.toString("latin1")) === 1) other.#knownIvs?.set(key, iv);
    }
    return other;
  }

  /**
   * Takes over the IVs that a cipher with the same data key remembers. What is known here stays.
   *
   * Only for one and the same key: under another, an IV from a file of others could meet a second text.
   */
  learnIvs(other: ValueCipher): void {
    if (!isSameKey(this.#key, other.#key)) throw new RangeError("learnIvs: expected a cipher with the same key");
    for (const [key, iv] of other.#knownIvs ?? []) if (this.#knownIvs?.has(key) === false) this.#knownIvs.set(key, iv);
  }

  #freshIv(): Buffer {
    if (this.#poolAt >= this.#pool.length) {
      this.#pool = Buffer.allocUnsafe(IV_BYTES * this.#ivs);
      this.#ivs = Math.min(2 * this.#ivs, MOST_IVS);
      this.#fillRandom(this.#pool);
      this.#poolAt = 0;
    }
    this.#poolAt += IV_BYTES;
    return this.#pool.subarray(this.#poolAt - IV_BYTES, this.#poolAt);
  }
}

export function isDataKey(bytes: Uint8Array): boolean {
  return KEY_SIZES.includes(bytes.length);
}

function isSameKey(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function ivKey(additional: string, type: string, plain: Uint8Array): string {
  return `${type}\0${additional.length}\0${additional}${Buffer.from(plain).toString("latin1")}`;
}
