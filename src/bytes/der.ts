import { concat } from "./concat.ts";

/** Tags of X.690 that certificates and RSA keys use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
  context3: 0xa3,
} as const;

/** One value: views on the input, nothing is copied. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/** Reads the values inside one constructed value, one after the other. Never recurses. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Tag of the next value; undefined at the end. */
  peekTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** The next value, which must have `tag`; undefined when it has not, or is cut or not in the shortest form. */
  next(tag: number): DerValue | undefined {
    if (this.peekTag() !== tag) return undefined;
    const header = lengthAt(this.#bytes, this.#at + 1);
    if (header === undefined || header.start + header.length > this.#bytes.length) return undefined;
    const end = header.start + header.length;
    const value = {
      tag,
      content: this.#bytes.subarray(header.start, end),
      whole: this.#bytes.subarray(this.#at, end),
    };
    this.#at = end;
    return value;
  }

  /** A reader inside the next value. */
  enter(tag: number): DerReader | undefined {
    const value = this.next(tag);
    return value === undefined ? undefined : new DerReader(value.content);
  }
}

function lengthAt(bytes: Uint8Array, at: number): { start: number; length: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: at + 1, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + count >= bytes.length) return undefined;
  let length = 0;
  for (let index = 1; index <= count; index++) length = length * 256 + (bytes[at + index] ?? 0);
  const shortest = length >= 0x80 && (count === 1 || length >= 256 ** (count - 1));
  return shortest ? { start: at + 1 + count, length } : undefined;
}

/** Encodes one value. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concat(...contents);
  if (content.length < 0x80) return concat(Uint8Array.of(tag, content.length), content);
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  return concat(Uint8Array.of(tag, 0x80 | length.length, ...length), content);
}

/** A non-negative integer from its big-endian bytes. */
export function derInteger(bytes: Uint8Array): Uint8Array {
  return der(TAG.integer, positive(bytes));
}

/** Big-endian bytes without leading zeros but with one where the first bit would read as a sign. */
export function positive(bytes: Uint8Array): Uint8Array {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const short = bytes.subarray(from);
  return (short[0] ?? 0) >= 0x80 || short.length === 0 ? concat(Uint8Array.of(0), short) : short;
}

/** An object identifier such as `1.2.840.113549.1.1.1`. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const group = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) group.unshift(0x80 | (left % 128));
    bytes.push(...group);
  }
  return der(TAG.oid, Uint8Array.from(bytes));
}
