import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { defineFunction } from "../../value/function.ts";
import { bytesOf } from "../../value/go-string.ts";
import type { GoFunction } from "../../value/go-value.ts";

/** Checksums of text, in lower case hex; Adler-32 in decimal. */
export const checksumFunctions: readonly GoFunction[] = [
  defineFunction({ name: "sha1sum", params: ["string"], call: ([text]) => bytesToHex(sha1(bytesOf(text))) }),
  defineFunction({ name: "sha256sum", params: ["string"], call: ([text]) => bytesToHex(sha256(bytesOf(text))) }),
  defineFunction({ name: "sha512sum", params: ["string"], call: ([text]) => bytesToHex(sha512(bytesOf(text))) }),
  defineFunction({ name: "adler32sum", params: ["string"], call: ([text]) => String(adler32(bytesOf(text))) }),
];

const ADLER_MODULUS = 65_521;

/** Source: RFC 1950 §8.2. */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % ADLER_MODULUS;
    b = (b + a) % ADLER_MODULUS;
  }
  return b * 65_536 + a;
}
