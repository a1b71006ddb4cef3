/** Cuts a stream of bytes into chunks of one size; only the last may be shorter, or empty if it is the first. */
export class Chunker {
  readonly #size: number;
  /** As large as it had to be: most files are far smaller than a chunk. */
  #held: Uint8Array = new Uint8Array(0);
  #length = 0;
  /** Held the chunk before; free again when the next piece comes. */
  #spare: Uint8Array = new Uint8Array(0);

  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Takes a piece; returns the whole chunks that certainly are not the last. They are views, not copies, where possible,
   * and good until the next piece is given.
   */
  push(piece: Uint8Array): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let at = 0;
    if (this.#length > 0 && this.#length + piece.length > this.#size) {
      at = this.#size - this.#length;
      this.#hold(piece.subarray(0, at));
      chunks.push(this.#held.subarray(0, this.#size));
      [this.#held, this.#spare] = [this.#spare, this.#held];
      this.#length = 0;
    }
    for (; piece.length - at > this.#size; at += this.#size) chunks.push(piece.subarray(at, at + this.#size));
    this.#hold(piece.subarray(at));
    return chunks;
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#held.length) {
      const larger = new Uint8Array(this.#length === 0 ? length : Math.min(this.#size, 2 * length));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(bytes, this.#length);
    this.#length = length;
  }

  /** The last chunk: up to and including the full size. */
  end(): Uint8Array {
    return this.#held.subarray(0, this.#length);
  }
}
