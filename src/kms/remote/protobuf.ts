/** Bounds for messages of somebody else. */
const MAX_FIELDS = 10_000;
const MAX_GROUP_DEPTH = 32;
const MAX_VARINT_BYTES = 10;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;

/** A message that is none, or a larger one than anybody has reason to send. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/** One field of text, bytes or an inner message: all that our messages are made of. */
export interface Field {
  readonly number: number;
  readonly content: Uint8Array;
}

/**
 * The text, byte and message fields of a message, in order. Fields of other wire types are passed over, known number or
 * not, as every reader of the format does.
 *
 * An inner message that occurs twice is merged by reading the two contents behind each other.
 *
 * Source: Protocol Buffers, "Encoding".
 * @throws {ProtobufError}
 */
export function readFields(message: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  const reader = new Reader(message);
  for (let seen = 0; !reader.isAtEnd; seen++) {
    if (seen >= MAX_FIELDS) throw new ProtobufError("the message has too many fields");
    const { number, wireType } = reader.tag();
    if (wireType === LENGTH_DELIMITED) fields.push({ number, content: reader.delimited() });
    else reader.skip(number, wireType, 0);
  }
  return fields;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  tag(): { readonly number: number; readonly wireType: number } {
    const tag = this.#varint();
    const wireType = Number(tag & 7n);
    const number = Number(tag >> 3n);
    if (number < 1 || number > MAX_FIELD_NUMBER) throw new ProtobufError("the number of a field is out of range");
    return { number, wireType };
  }

  delimited(): Uint8Array {
    const length = this.#varint();
    if (length > BigInt(this.#bytes.length - this.#at)) throw new ProtobufError("a field is cut off");
    return this.#take(Number(length));
  }

  skip(number: number, wireType: number, depth: number): void {
    switch (wireType) {
      case VARINT:
        this.#varint();
        return;
      case FIXED64:
        this.#take(8);
        return;
      case LENGTH_DELIMITED:
        this.delimited();
        return;
      case FIXED32:
        this.#take(4);
        return;
      case GROUP_START:
        this.#skipGroup(number, depth);
        return;
      default:
        throw new ProtobufError("a field is of no known wire type");
    }
  }

  #skipGroup(number: number, depth: number): void {
    if (depth >= MAX_GROUP_DEPTH) throw new ProtobufError("groups are nested too deep");
    for (;;) {
      const inner = this.tag();
      if (inner.wireType === GROUP_END) {
        if (inner.number !== number) throw new ProtobufError("a group ends as another one");
        return;
      }
      this.skip(inner.number, inner.wireType, depth + 1);
    }
  }

  #varint(): bigint {
    let value = 0n;
    for (let index = 0; index < MAX_VARINT_BYTES; index++) {
      const byte = this.#take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte >= 0x80) continue;
      if (value >= 1n << 64n) break;
      return value;
    }
    throw new ProtobufError("a number is longer than 64 bits");
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new ProtobufError("the message is cut off");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** A field of text, bytes or an inner message. */
export function field(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([varint(number * 8 + LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

/** The same, and nothing when it is empty: a reader takes an absent field for an empty one. */
export function fieldUnlessEmpty(number: number, content: Uint8Array | string): Uint8Array {
  return content.length === 0 ? new Uint8Array() : field(number, content);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A text field. @throws {ProtobufError} when it is not UTF-8. */
export function textOf(content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new ProtobufError("a text is not UTF-8");
  }
}
