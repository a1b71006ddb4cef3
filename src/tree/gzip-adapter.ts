import { promisify } from "node:util";
import { constants, gunzip as gunzipCallback, gzip as gzipCallback } from "node:zlib";
import { TreeError } from "./errors.ts";

const gzipBytes = promisify(gzipCallback);
const gunzipBytes = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(gunzipCallback);

/** Where the header of a gzip member names the operating system (RFC 1952, 2.3), and the value for "unknown". */
const OS_OFFSET = 9;
const OS_UNKNOWN = 255;

/** Compresses with a header that says neither when nor where, so equal bytes give equal results. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const packed = new Uint8Array(await gzipBytes(bytes, { level: constants.Z_DEFAULT_COMPRESSION }));
  packed[OS_OFFSET] = OS_UNKNOWN;
  return packed;
}

/**
 * @throws {TreeError} `TREE_TOO_LARGE` when more than `maxBytes` would come out, `TREE_BAD_ARCHIVE` when the bytes are
 *   not gzip, cut off, or fail their checksum.
 */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    const { buffer, byteOffset, byteLength } = await gunzipBytes(bytes, { maxOutputLength: maxBytes });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new TreeError("TREE_TOO_LARGE", `Cannot unpack the archive: more than ${maxBytes} bytes come out of it`);
    }
    throw new TreeError("TREE_BAD_ARCHIVE", "Cannot unpack the archive: its gzip data is damaged or cut off", {
      cause,
    });
  }
}
