/**
 * Decrypted bytes on their way to the one place that may show them.
 *
 * Every implicit way of printing (string conversion, JSON, `util.inspect`, template literals) yields
 * `[redacted, N bytes]`. Only `reveal` gives the bytes, so `grep reveal` lists every place that can leak.
 */
export class ClearText {
  readonly #bytes: Uint8Array;

  /** Takes `bytes` over: the caller must not change them afterwards. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Clear text from a string, as UTF-8. */
  static fromText(text: string): ClearText {
    return new ClearText(new TextEncoder().encode(text));
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  /** The bytes themselves, not a copy. Call this only where showing or storing them is what was asked for. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** The bytes as UTF-8 text. Throws `TypeError` (without the bytes) when they are not UTF-8. */
  revealText(): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#bytes);
  }

  toString(): string {
    return `[redacted, ${this.#bytes.length} bytes]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
