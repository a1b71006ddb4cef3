import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import nacl from "tweetnacl";
import { concat } from "../bytes/concat.ts";
import type { Primitives } from "./port.ts";

const TAG_BYTES = 16;
/** The most that `getRandomValues` gives at once. */
const RANDOM_BYTES_AT_ONCE = 65_536;

/**
 * The primitives for browsers: WebCrypto where it has a fitting form, noble and tweetnacl otherwise (WebCrypto's AEAD is
 * asynchronous, ChaCha20-Poly1305 and scrypt it lacks).
 */
export const primitives: Primitives = {
  randomBytes(length) {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += RANDOM_BYTES_AT_ONCE) {
      globalThis.crypto.getRandomValues(out.subarray(at, at + RANDOM_BYTES_AT_ONCE));
    }
    return out;
  },

  sha256: (...parts) => sha256(concat(...parts)),

  sha512: (bytes) => sha512(bytes),

  hmacSha256: (key, ...parts) => hmac(sha256, key, concat(...parts)),

  hkdfSha256(ikm, salt, info, length) {
    return hkdf(sha256, ikm, salt, typeof info === "string" ? new TextEncoder().encode(info) : info, length);
  },

  async x25519(scalar, point) {
    const wrong = [scalar, point].find(({ length }) => length !== 32);
    if (wrong !== undefined) throw new RangeError(`"key" expected 32 bytes, got ${wrong.length}`);
    const shared = (await platformX25519(scalar, point)) ?? nacl.scalarMult(scalar, point);
    let bits = 0;
    for (const byte of shared) bits |= byte;
    return bits === 0 ? undefined : shared;
  },

  x25519Base: (scalar) => nacl.scalarMult.base(scalar),

  ed25519PublicKey: (seed) => nacl.sign.keyPair.fromSeed(seed).publicKey,

  chacha20Poly1305Seal: (key, nonce, plain) => chacha20poly1305(key, nonce).encrypt(plain),

  chacha20Poly1305Open(key, nonce, sealed) {
    if (sealed.length < TAG_BYTES) return undefined;
    const cipher = chacha20poly1305(key, nonce);
    return opened(() => cipher.decrypt(sealed));
  },

  chacha20Poly1305SealInto(out, key, nonce, plain) {
    chacha20poly1305(key, nonce).encrypt(plain, out.subarray(0, plain.length + TAG_BYTES));
  },

  chacha20Poly1305OpenInto(out, key, nonce, sealed) {
    const clear = primitives.chacha20Poly1305Open(key, nonce, sealed);
    if (clear !== undefined) out.set(clear);
    return clear !== undefined;
  },

  aes256GcmSeal: (key, nonce, plain, aad) => gcm(key, nonce, aad).encrypt(plain),

  aes256GcmOpen(key, nonce, sealed, aad) {
    if (sealed.length < TAG_BYTES) return undefined;
    const cipher = gcm(key, nonce, aad);
    return opened(() => cipher.decrypt(sealed));
  },

  scrypt(passphrase, salt, logN) {
    const N = 2 ** logN;
    return scryptAsync(passphrase, salt, { N, r: 8, p: 1, dkLen: 32, maxmem: 128 * 8 * (N + 16) });
  },

  async rsaOaepEncrypt(publicKeySpki, plain, label) {
    const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
    const { subtle } = globalThis.crypto;
    const key = await subtle.importKey("spki", new Uint8Array(publicKeySpki), algorithm, false, ["encrypt"]);
    const parameters = { name: "RSA-OAEP", label: new Uint8Array(label) };
    return new Uint8Array(await subtle.encrypt(parameters, key, new Uint8Array(plain)));
  },

  async rsaOaepDecrypt(privateKeyPkcs8, sealed, label) {
    const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
    const { subtle } = globalThis.crypto;
    const key = await subtle.importKey("pkcs8", new Uint8Array(privateKeyPkcs8), algorithm, false, ["decrypt"]);
    const parameters = { name: "RSA-OAEP", label: new Uint8Array(label) };
    try {
      return new Uint8Array(await subtle.decrypt(parameters, key, new Uint8Array(sealed)));
    } catch {
      return undefined;
    }
  },
};

/** DER up to the 32 raw bytes of a private X25519 key (RFC 8410 §7): WebCrypto imports only public ones raw. */
const X25519_PKCS8 = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20],
);

/**
 * The shared secret by WebCrypto, in constant time; undefined where the browser has no X25519 (many before 2025), and for
 * points that it refuses: what those give is decided by the caller.
 */
async function platformX25519(scalar: Uint8Array, point: Uint8Array): Promise<Uint8Array | undefined> {
  const { subtle } = globalThis.crypto;
  const algorithm = { name: "X25519" };
  const pkcs8 = new Uint8Array(concat(X25519_PKCS8, scalar));
  try {
    const [secret, open] = await Promise.all([
      subtle.importKey("pkcs8", pkcs8, algorithm, false, ["deriveBits"]),
      subtle.importKey("raw", new Uint8Array(point), algorithm, false, []),
    ]);
    return new Uint8Array(await subtle.deriveBits({ ...algorithm, public: open }, secret, 256));
  } catch {
    return undefined;
  } finally {
    pkcs8.fill(0);
  }
}

/** noble throws on a wrong tag, and after the length check above on nothing else. */
function opened(decrypt: () => Uint8Array): Uint8Array | undefined {
  try {
    return decrypt();
  } catch {
    return undefined;
  }
}
