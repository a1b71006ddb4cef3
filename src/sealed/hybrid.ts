import { primitives } from "#primitives";
import { concat } from "../bytes/concat.ts";
import { SealedError } from "./errors.ts";

const LENGTH_BYTES = 2;
const SESSION_KEY_BYTES = 32;
const TAG_BYTES = 16;
/** All zero, which is safe because a session key seals one item and no more. */
const NONCE = new Uint8Array(12);

/** The two parts of a sealed item: views, nothing is copied. */
export interface SealedParts {
  /** The session key, encrypted with RSA-OAEP. */
  readonly wrappedKey: Uint8Array;
  /** The value, encrypted with AES-256-GCM; the last 16 bytes are the tag. */
  readonly body: Uint8Array;
}

/**
 * Seals one value for the owner of an RSA key, bound to `label`.
 *
 * Layout: `u16be n || RSA-OAEP-SHA256(session key, label)[n] || AES-256-GCM(value)`.
 *
 * @param spki SubjectPublicKeyInfo (DER) of the certificate
 */
export async function sealItem(spki: Uint8Array, plain: Uint8Array, label: Uint8Array): Promise<Uint8Array> {
  const sessionKey = primitives.randomBytes(SESSION_KEY_BYTES);
  try {
    const wrappedKey = await primitives.rsaOaepEncrypt(spki, sessionKey, label);
    const body = primitives.aes256GcmSeal(sessionKey, NONCE, plain);
    return concat(Uint8Array.of(wrappedKey.length >>> 8, wrappedKey.length & 0xff), wrappedKey, body);
  } finally {
    sessionKey.fill(0);
  }
}

/**
 * Splits a sealed item.
 *
 * @throws {SealedError} `SEALED_TRUNCATED` if it ends before the length it declares, or has no room for a tag.
 */
export function splitSealed(sealed: Uint8Array): SealedParts {
  const keyBytes = sealed.length < LENGTH_BYTES ? 0 : (sealed[0] ?? 0) * 256 + (sealed[1] ?? 0);
  const bodyAt = LENGTH_BYTES + keyBytes;
  if (sealed.length < bodyAt + TAG_BYTES) {
    throw new SealedError("SEALED_TRUNCATED", "Cannot open sealed item: it is too short", {
      original: "no key could decrypt secret",
      details: [`it has ${sealed.length} bytes and by its own account at least ${bodyAt + TAG_BYTES}`],
      hints: ["copy the whole item again, or seal the value again"],
    });
  }
  return { wrappedKey: sealed.subarray(LENGTH_BYTES, bodyAt), body: sealed.subarray(bodyAt) };
}

/** The value under a session key; undefined when the key or the body is not the right one. */
export function openBody(sessionKey: Uint8Array, body: Uint8Array): Uint8Array | undefined {
  if (sessionKey.length !== SESSION_KEY_BYTES) return undefined;
  return primitives.aes256GcmOpen(sessionKey, NONCE, body);
}
