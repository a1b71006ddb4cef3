/** Bytes that come in pieces of any size: a stream, a generator, a list. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

const LF = 0x0a;

/**
 * Reads lines and counts of bytes from a source, and hands on the rest. Holds no more than was asked for plus one piece.
 * Every result is a view that the next call may overwrite.
 */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array(0);
  #owned = false;
  #from = 0;
  #to = 0;

  constructor(source: ByteSource) {
    this.#pieces = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** The next `count` bytes without taking them; fewer only at the end of the source. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#to - this.#from < count && (await this.#more()));
    return this.#buffer.subarray(this.#from, Math.min(this.#from + count, this.#to));
  }

  /** Takes the next `count` bytes; fewer only at the end of the source. */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count);
    this.#from += bytes.length;
    return bytes;
  }

  /**
   * Takes the bytes up to and with the next line feed. Without one within `limit` bytes: undefined where the source goes
   * on, and what is left (perhaps nothing) where it ends.
   */
  async line(limit: number): Promise<Uint8Array | undefined> {
    for (let scanned = 0; ; ) {
      const found = this.#buffer.subarray(0, this.#to).indexOf(LF, this.#from + scanned);
      const length = found < 0 ? this.#to - this.#from : found + 1 - this.#from;
      if (length > limit) return undefined;
      scanned = length;
      if (found < 0 && (await this.#more())) continue;
      const line = this.#buffer.subarray(this.#from, this.#from + length);
      this.#from += length;
      return line;
    }
  }

  /** Everything not taken yet, in pieces. */
  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#to > this.#from) yield this.#buffer.subarray(this.#from, this.#to);
    this.#from = this.#to;
    for (let next = await this.#pieces.next(); next.done !== true; next = await this.#pieces.next()) yield next.value;
  }

  /** Forgets what it holds: the source goes on elsewhere. */
  drop(): void {
    this.#from = this.#to;
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  /** Reads one more piece behind what is held. */
  async #more(): Promise<boolean> {
    const next = await this.#pieces.next();
    if (next.done === true) return false;
    const piece = next.value;
    const held = this.#to - this.#from;
    if (held === 0) {
      this.#buffer = piece;
      this.#owned = false;
      this.#from = 0;
      this.#to = piece.length;
      return true;
    }
    if (!this.#owned || this.#to + piece.length > this.#buffer.length) {
      // Doubling keeps a header that arrives byte by byte from being copied for every byte.
      const larger = new Uint8Array(2 * (held + piece.length));
      larger.set(this.#buffer.subarray(this.#from, this.#to));
      this.#buffer = larger;
      this.#owned = true;
      this.#from = 0;
      this.#to = held;
    }
    this.#buffer.set(piece, this.#to);
    this.#to += piece.length;
    return true;
  }
}
