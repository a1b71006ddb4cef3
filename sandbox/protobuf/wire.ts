/** A body that is not what its content type says. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** One field of a message as it is on the wire. */
export interface WireField {
  readonly number: number;
  /** Varints and fixed numbers. */
  readonly value: bigint;
  /** Length-delimited content. */
  readonly bytes: Buffer;
}

const MAX_FIELDS = 100_000;
const EMPTY = Buffer.alloc(0);

/**
 * The fields of a protobuf message, in order.
 *
 * @throws WireError for bytes that are no message
 */
export function readFields(message: Buffer): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const octet = message[at];
      if (octet === undefined) throw new WireError("unexpected EOF");
      at += 1;
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw new WireError("integer overflow");
  };
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > message.length) throw new WireError("unexpected EOF");
    const bytes = message.subarray(at, at + length);
    at += length;
    return bytes;
  };
  while (at < message.length) {
    if (fields.length >= MAX_FIELDS) throw new WireError("too many fields");
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: varint(), bytes: EMPTY });
        break;
      case 1:
        fields.push({ number, value: 0n, bytes: take(8) });
        break;
      case 2:
        fields.push({ number, value: 0n, bytes: take(Number(varint())) });
        break;
      case 5:
        fields.push({ number, value: 0n, bytes: take(4) });
        break;
      default:
        throw new WireError("illegal wire type");
    }
  }
  return fields;
}

export const signed = (value: bigint): number => Number(BigInt.asIntN(64, value));
