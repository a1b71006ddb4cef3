import { concat } from "../../bytes/concat.ts";
import { decodeAscii, encodeUtf8 } from "../../bytes/utf8.ts";

/** Reads the binary fields of SSH keys: views on the input, and undefined for what is cut off. Source: RFC 4251 §5. */
export class SshReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint32(): number | undefined {
    const bytes = this.take(4);
    return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  take(length: number): Uint8Array | undefined {
    const end = this.#at + length;
    if (end > this.#bytes.length) return undefined;
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** A field with its length before it. */
  string(): Uint8Array | undefined {
    const length = this.uint32();
    return length === undefined ? undefined : this.take(length);
  }

  /** A field that is a name in ASCII. */
  name(): string | undefined {
    const bytes = this.string();
    return bytes === undefined ? undefined : decodeAscii(bytes);
  }

  /** A positive integer without leading zeros, but with one where the first bit would read as a sign. */
  positiveInteger(): Uint8Array | undefined {
    const bytes = this.string();
    const [first, second] = bytes ?? [];
    if (bytes === undefined || first === undefined || first >= 0x80) return undefined;
    return first === 0 && (second === undefined || second < 0x80) ? undefined : bytes;
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}

/** Fields with their lengths before them; text is a field in ASCII. */
export function sshFields(...fields: readonly (Uint8Array | string)[]): Uint8Array {
  return concat(
    ...fields.flatMap((field) => {
      const bytes = typeof field === "string" ? encodeUtf8(field) : field;
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      return [length, bytes];
    }),
  );
}
