import { createCipheriv, createDecipheriv } from "node:crypto";
import { decodeBase64Go, encodeBase64 } from "../../../bytes/base64.ts";
import { concat } from "../../../bytes/concat.ts";
import { GoError } from "../../value/go-error.ts";
import { byteLength, bytesOf, goString } from "../../value/go-string.ts";

const BLOCK = 16;
const ALGORITHM = "aes-256-cbc";

/** AES-256-CBC under the first 32 bytes of the password, padded as PKCS#7; base64 of IV and ciphertext. */
export function encryptAes(password: string, text: string, iv: Uint8Array): string {
  if (text === "") return "";
  const cipher = createCipheriv(ALGORITHM, keyOf(password), iv);
  return encodeBase64(concat(iv, cipher.update(bytesOf(text)), cipher.final()));
}

/**
 * Undoes `encryptAes`. Nothing is authenticated: a wrong password gives other bytes, or an error.
 *
 * @throws {GoError} with what Go says, or panics with.
 */
export function decryptAes(password: string, encoded: string): string {
  if (encoded === "") return "";
  const { bytes, illegalAt } = decodeBase64Go(encoded);
  if (bytes === undefined) throw new GoError(`illegal base64 data at input byte ${illegalAt}`);
  const capacity = Math.floor(byteLength(encoded) / 4) * 3;
  if (capacity < BLOCK) throw outOfBounds(`slice bounds out of range [:${BLOCK}] with capacity ${capacity}`);
  if (bytes.length < BLOCK) throw outOfBounds(`slice bounds out of range [${BLOCK}:${bytes.length}]`);
  const body = bytes.subarray(BLOCK);
  if (body.length % BLOCK !== 0) throw new GoError("crypto/cipher: input not full blocks");
  if (body.length === 0) throw outOfBounds("index out of range [-1]");
  const decipher = createDecipheriv(ALGORITHM, keyOf(password), bytes.subarray(0, BLOCK)).setAutoPadding(false);
  const padded = concat(decipher.update(body), decipher.final());
  // As in Sprig, only the last byte of the padding is looked at.
  const end = padded.length - (padded.at(-1) ?? 0);
  if (end < 0) throw outOfBounds(`slice bounds out of range [:${end}]`);
  return goString(padded.subarray(0, end));
}

function keyOf(password: string): Uint8Array {
  const key = new Uint8Array(32);
  key.set(bytesOf(password).subarray(0, 32));
  return key;
}

function outOfBounds(state: string): GoError {
  return new GoError(`runtime error: ${state}`);
}
