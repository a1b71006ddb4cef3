/** Cuts a stream of bytes into chunks of one size; only the last may be shorter, or empty if it is the first. */
export class Chunker {
  readonly #size: number;
  #held: Uint8Array;
  #length = 0;

  constructor(size: number) {
    this.#size = size;
    this.#held = new Uint8Array(size);
  }

  /** Takes a piece; returns the whole chunks that certainly are not the last. They are views, not copies, where possible. */
  push(piece: Uint8Array): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let at = 0;
    if (this.#length > 0 && this.#length + piece.length > this.#size) {
      at = this.#size - this.#length;
      this.#held.set(piece.subarray(0, at), this.#length);
      chunks.push(this.#held);
      this.#held = new Uint8Array(this.#size);
      this.#length = 0;
    }
    for (; piece.length - at > this.#size; at += this.#size) chunks.push(piece.subarray(at, at + this.#size));
    this.#held.set(piece.subarray(at), this.#length);
    this.#length += piece.length - at;
    return chunks;
  }

  /** The last chunk: up to and including the full size. */
  end(): Uint8Array {
    return this.#held.subarray(0, this.#length);
  }
}
