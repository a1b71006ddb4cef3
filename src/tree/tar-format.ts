/**
 * Where things stand in a tar header: `[offset, bytes]`.
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format".
 */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [number, number]>;

export const BLOCK_BYTES = 512;

/** The sum of all header bytes, the checksum field counted as spaces. */
export function headerSum(header: Uint8Array): number {
  const [start, length] = FIELD.checksum;
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= start && index < start + length ? 0x20 : byte;
  return sum;
}

/** Bytes of content rounded up to whole blocks. */
export function paddedSize(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
