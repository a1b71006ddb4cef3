import { primitives } from "#primitives";
import { concat } from "../bytes/concat.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";

/**
 * As much of HPKE as age uses: base mode, one message, HKDF-SHA-256 and ChaCha20-Poly1305, no associated data. The shared
 * secret comes from a key encapsulation that the caller does. Source: RFC 9180 §§4–5, C2SP age.
 */

/** Numbers of key encapsulations. */
export const KEM = { p256: 0x0010, mlkem768P256: 0x0050, mlkem768X25519: 0x647a } as const;

interface Context {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

const HKDF_SHA256 = 0x0001;
const CHACHA20_POLY1305 = 0x0003;
const BASE_MODE = 0;

export function hpkeSeal(kem: number, sharedSecret: Uint8Array, info: string, plain: Uint8Array): Uint8Array {
  const { key, nonce } = contextOf(kem, sharedSecret, info);
  return primitives.chacha20Poly1305Seal(key, nonce, plain);
}

export function hpkeOpen(
  kem: number,
  sharedSecret: Uint8Array,
  info: string,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const { key, nonce } = contextOf(kem, sharedSecret, info);
  return primitives.chacha20Poly1305Open(key, nonce, sealed);
}

/** What DHKEM makes of the result of Diffie-Hellman; `kemContext`: ephemeral and static public key. Source: RFC 9180 §4.1. */
export function dhkemSecret(kem: number, dh: Uint8Array, kemContext: Uint8Array): Uint8Array {
  const suite = concat(encodeUtf8("KEM"), uint16(kem));
  return expand(suite, extract(suite, new Uint8Array(0), "eae_prk", dh), "shared_secret", kemContext, 32);
}

function contextOf(kem: number, sharedSecret: Uint8Array, info: string): Context {
  const suite = concat(encodeUtf8("HPKE"), uint16(kem), uint16(HKDF_SHA256), uint16(CHACHA20_POLY1305));
  const none = new Uint8Array(0);
  const psk = extract(suite, none, "psk_id_hash", none);
  const schedule = concat(Uint8Array.of(BASE_MODE), psk, extract(suite, none, "info_hash", encodeUtf8(info)));
  const secret = extract(suite, sharedSecret, "secret", none);
  return { key: expand(suite, secret, "key", schedule, 32), nonce: expand(suite, secret, "base_nonce", schedule, 12) };
}

function extract(suite: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array): Uint8Array {
  return primitives.hmacSha256(salt, encodeUtf8("HPKE-v1"), suite, encodeUtf8(label), input);
}

/** HKDF-Expand; one block of HMAC is as much as is ever asked for. */
function expand(suite: Uint8Array, secret: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  const labeled = concat(uint16(length), encodeUtf8("HPKE-v1"), suite, encodeUtf8(label), info);
  return primitives.hmacSha256(secret, labeled, Uint8Array.of(1)).slice(0, length);
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}
