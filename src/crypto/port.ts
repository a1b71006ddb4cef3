/**
 * The primitives that `age` and `sealed` stand on, in a form that Node and browsers can both give. Import them as
 * `#primitives`; `node.ts` (node:crypto) and `web.ts` (WebCrypto, noble, tweetnacl) implement this shape.
 * Lengths are bytes. Failed authentication is `undefined`, never an exception that says which step failed.
 */
export interface Primitives {
  randomBytes(length: number): Uint8Array;
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  sha512(bytes: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  hkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array | string, length: number): Uint8Array;
  /** Both 32 bytes. Undefined when the result is all zero (a low-order point). */
  x25519(scalar: Uint8Array, point: Uint8Array): Promise<Uint8Array | undefined>;
  x25519Base(scalar: Uint8Array): Uint8Array;
  /** The public key of the signing key with this 32-byte seed. */
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  /** 32-byte key, 12-byte nonce; result is ciphertext followed by its 16-byte tag. */
  chacha20Poly1305Seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array;
  chacha20Poly1305Open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /** The same, for many chunks in a row: the result goes to the start of `out`, which has room for it. */
  chacha20Poly1305SealInto(out: Uint8Array, key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): void;
  /** False, and nothing of it in `out`, when authentication fails. */
  chacha20Poly1305OpenInto(out: Uint8Array, key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): boolean;
  /** 32-byte key, nonce of 8 bytes or more, tag of 16 bytes at the end. */
  aes256GcmSeal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, aad?: Uint8Array): Uint8Array;
  aes256GcmOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Uint8Array | undefined;
  scrypt(passphrase: Uint8Array, salt: Uint8Array, logN: number): Promise<Uint8Array>;
  /** RSA-OAEP with SHA-256 for hash and MGF1. The bytes of `publicKeySpki` must never be changed: the key is remembered. */
  rsaOaepEncrypt(publicKeySpki: Uint8Array, plain: Uint8Array, label: Uint8Array): Promise<Uint8Array>;
  /** The other way, with a private key in PKCS#8. Undefined for whatever this key does not open. */
  rsaOaepDecrypt(privateKeyPkcs8: Uint8Array, sealed: Uint8Array, label: Uint8Array): Promise<Uint8Array | undefined>;
}
