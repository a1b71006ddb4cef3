const BYTES = 1184;
const SEED_BYTES = 32;
/** The modulus q of ML-KEM. */
const Q = 3329;

/**
 * Whether the numbers of an ML-KEM-768 public key, which `bytes` begins with, are all below q: three bytes hold two.
 * Source: FIPS 203 §7.2, modulus check.
 */
export function isMlKemPublicKey(bytes: Uint8Array): boolean {
  if (bytes.length < BYTES) return false;
  for (let at = 0; at < BYTES - SEED_BYTES; at += 3) {
    const [low = 0, middle = 0, high = 0] = bytes.subarray(at, at + 3);
    if ((low | ((middle & 0x0f) << 8)) >= Q || ((middle >>> 4) | (high << 4)) >= Q) return false;
  }
  return true;
}
