/**
 * From a point in Edwards form, as signatures have it, to the same point in Montgomery form, as Diffie-Hellman has it.
 * Only for public points: the arithmetic takes a time that depends on them. Source: RFC 7748 §4.1, RFC 8032 §5.1.3.
 */

const P = 2n ** 255n - 19n;
/** −121665/121666. Source: RFC 8032 §5.1. */
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
const BYTES = 32;

/** u = (1 + y) / (1 − y), 32 bytes little-endian; undefined when no point of the curve has this y. */
export function montgomeryFromEdwards(point: Uint8Array): Uint8Array | undefined {
  if (point.length !== BYTES) return undefined;
  const y = reduce(littleEndian(point) & (2n ** 255n - 1n));
  const y2 = reduce(y * y);
  if (!isSquare(reduce((y2 - 1n) * inverse(reduce(D * y2 + 1n))))) return undefined;
  return toLittleEndian(reduce((1n + y) * inverse(reduce(1n - y))));
}

function reduce(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** By Fermat; of zero it is zero, as in the mapping of the neutral element. */
function inverse(value: bigint): bigint {
  return power(reduce(value), P - 2n);
}

function isSquare(value: bigint): boolean {
  return value === 0n || power(value, (P - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = reduce(result * square);
    square = reduce(square * square);
  }
  return result;
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes.slice().reverse()) value = (value << 8n) | BigInt(byte);
  return value;
}

function toLittleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}
