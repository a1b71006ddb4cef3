import { primitives } from "#primitives";
import { encodeBase64Unpadded } from "../bytes/base64.ts";
import { concat } from "../bytes/concat.ts";
import { DerReader, der, derInteger, derOid, positive, TAG } from "../bytes/der.ts";
import { equalBytes } from "../bytes/equal.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";

/** The public half of an RSA key: both numbers as big-endian bytes without leading zeros. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

export const RSA_ENCRYPTION = "1.2.840.113549.1.1.1";

/** AlgorithmIdentifier of an RSA key (RFC 3279 §2.3.1). */
export const RSA_ALGORITHM: Uint8Array = der(TAG.sequence, derOid(RSA_ENCRYPTION), der(TAG.null));

/** RSAPublicKey of RFC 8017 §A.1.1. */
export function encodeRsaPublicKey({ modulus, exponent }: RsaPublicKey): Uint8Array {
  return der(TAG.sequence, derInteger(modulus), derInteger(exponent));
}

/** SubjectPublicKeyInfo of RFC 5280 §4.1. */
export function encodeSpki(key: RsaPublicKey): Uint8Array {
  return der(TAG.sequence, RSA_ALGORITHM, der(TAG.bitString, Uint8Array.of(0), encodeRsaPublicKey(key)));
}

/** What a SubjectPublicKeyInfo holds: an RSA key, a key of another kind, or (undefined) nothing well-formed. */
export function decodeSpki(spki: Uint8Array): RsaPublicKey | "other" | undefined {
  const info = new DerReader(spki).enter(TAG.sequence);
  const algorithm = info?.enter(TAG.sequence)?.next(TAG.oid);
  const bits = info?.next(TAG.bitString);
  if (algorithm === undefined || bits === undefined || bits.content[0] !== 0) return undefined;
  if (!equalBytes(algorithm.whole, derOid(RSA_ENCRYPTION))) return "other";
  const key = new DerReader(bits.content.subarray(1)).enter(TAG.sequence);
  return key === undefined ? undefined : readRsaNumbers(key);
}

/** Modulus and exponent, the next two integers of `reader`. */
export function readRsaNumbers(reader: DerReader): RsaPublicKey | undefined {
  const modulus = unsigned(reader.next(TAG.integer)?.content);
  const exponent = unsigned(reader.next(TAG.integer)?.content);
  return modulus === undefined || exponent === undefined ? undefined : { modulus, exponent };
}

/** Length of the modulus in bits. */
export function rsaBits({ modulus }: RsaPublicKey): number {
  return modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
}

const MIN_BITS = 1024;
/** OpenSSL's own bound; a larger key only costs time. */
const MAX_BITS = 16_384;
const MAX_EXPONENT_BYTES = 4;

/**
 * Why a key must not be encrypted to, in the words of Go's crypto/rsa; undefined when nothing is wrong. OpenSSL does not
 * ask: with the exponent 1 it would hand out the padded clear text as a ciphertext.
 */
export function unsafeReason(key: RsaPublicKey): string | undefined {
  const { modulus, exponent } = key;
  const bits = rsaBits(key);
  if (bits < MIN_BITS) {
    return `crypto/rsa: ${bits}-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)`;
  }
  if (bits > MAX_BITS) return `crypto/rsa: ${bits}-bit keys are too large`;
  if ((modulus.at(-1) ?? 0) % 2 === 0) return "crypto/rsa: public modulus is even";
  const [first = 0] = exponent;
  if (exponent.length === 1 && first < 2) return "crypto/rsa: public exponent too small or negative";
  if ((exponent.at(-1) ?? 0) % 2 === 0) return "crypto/rsa: public exponent is even";
  const large = exponent.length > MAX_EXPONENT_BYTES || (exponent.length === MAX_EXPONENT_BYTES && first >= 0x80);
  return large ? "crypto/rsa: public exponent too large" : undefined;
}

/**
 * The fingerprint that `ssh-keygen -l` prints: `SHA256:` and unpadded base64 of SHA-256 over the SSH form of the key.
 *
 * Source: RFC 4253 §6.6 for the form.
 */
export function fingerprint({ modulus, exponent }: RsaPublicKey): string {
  const wire = [encodeUtf8("ssh-rsa"), positive(exponent), positive(modulus)].map(prefixed);
  return `SHA256:${encodeBase64Unpadded(primitives.sha256(...wire))}`;
}

function prefixed(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}

function unsigned(content: Uint8Array | undefined): Uint8Array | undefined {
  if (content === undefined || content.length === 0 || (content[0] ?? 0) >= 0x80) return undefined;
  const bytes = content[0] === 0 ? content.subarray(1) : content;
  return bytes.length === 0 || (bytes[0] === 0 && bytes.length > 1) ? undefined : concat(bytes);
}
