import { concat } from "../bytes/concat.ts";
import { decodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";

/** A private key that old OpenSSL encrypted: what `DEK-Info` in front of it says, and the ciphertext. */
export interface LockedPem {
  readonly keyBytes: 16 | 24 | 32;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: Uint8Array;
}

const BLOCK_BYTES = 16;
const SALT_BYTES = 8;
const KEY_BYTES: ReadonlyMap<string, 16 | 24 | 32> = new Map([
  ["AES-128-CBC", 16],
  ["AES-192-CBC", 24],
  ["AES-256-CBC", 32],
] as const);

/** Reads the header fields of an encrypted PEM block; one clause when they name something that is not opened here. */
export function readLockedPem(headers: ReadonlyMap<string, string>, sealed: Uint8Array): LockedPem | string {
  const [cipher = "", hex = ""] = (headers.get("DEK-Info") ?? "").split(",");
  const keyBytes = KEY_BYTES.get(cipher.trim());
  if (keyBytes === undefined) return "with a passphrase and a cipher other than AES in PEM form";
  const iv = decodeHex(hex.trim().toLowerCase());
  if (iv?.length !== BLOCK_BYTES || sealed.length === 0 || sealed.length % BLOCK_BYTES !== 0)
    return "that is malformed";
  return { keyBytes, iv: Uint8Array.from(iv), sealed };
}

/**
 * The key under its passphrase, DER; undefined for a wrong passphrase (or, once in 256 times, bytes that are no key).
 * Source: OpenSSL, PEM_read_bio_PrivateKey(3) and EVP_BytesToKey(3): MD5 and one round, so such keys are worth converting.
 */
export async function decryptLockedPem(locked: LockedPem, passphrase: string): Promise<Uint8Array | undefined> {
  const { keyBytes, iv, sealed } = locked;
  const { md5 } = await import("@noble/hashes/legacy.js");
  const seed = concat(encodeUtf8(passphrase), iv.subarray(0, SALT_BYTES));
  let key: Uint8Array = new Uint8Array();
  for (let last: Uint8Array = new Uint8Array(); key.length < keyBytes; key = concat(key, last)) {
    last = md5(concat(last, seed));
  }
  const { subtle } = globalThis.crypto;
  const imported = await subtle.importKey("raw", key.slice(0, keyBytes), "AES-CBC", false, ["decrypt"]);
  try {
    return new Uint8Array(await subtle.decrypt({ name: "AES-CBC", iv }, imported, new Uint8Array(sealed)));
  } catch {
    return undefined;
  }
}
