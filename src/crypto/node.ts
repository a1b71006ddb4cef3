import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  scrypt,
} from "node:crypto";
import { concat } from "../bytes/concat.ts";
import type { Primitives } from "./port.ts";

const TAG_BYTES = 16;
const CHACHA_TAG = { authTagLength: TAG_BYTES };
const SHA256_BYTES = 32;
const SCRYPT_R = 8;
const SCRYPT_P = 1;
const SCRYPT_BYTES = 32;

/** DER up to the 32 raw bytes of a key (RFC 8410 §7): Node 20 has no raw import. */
const X25519_PKCS8 = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20],
);

const ED25519_PKCS8 = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
);

/** The primitives over node:crypto (OpenSSL). */
export const primitives: Primitives = {
  randomBytes: (length) => plain(randomBytes(length)),

  sha256(...parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  },

  sha512: (bytes) => plain(createHash("sha512").update(bytes).digest()),

  hmacSha256(key, ...parts) {
    const hmac = createHmac("sha256", key);
    for (const part of parts) hmac.update(part);
    return plain(hmac.digest());
  },

  hkdfSha256(ikm, salt, info, length) {
    // By hand it takes half the time of hkdfSync, which makes a key object first. Source: RFC 5869.
    const key = createHmac("sha256", salt).update(ikm).digest();
    const blocks: Uint8Array[] = [];
    let block: Uint8Array = new Uint8Array(0);
    for (let count = 1; blocks.length * SHA256_BYTES < length; count++) {
      block = createHmac("sha256", key).update(block).update(info).update(Uint8Array.of(count)).digest();
      blocks.push(block);
    }
    key.fill(0);
    return concat(...blocks).subarray(0, length);
  },

  async x25519(scalar, point) {
    const privateKey = x25519Private(scalar);
    const publicKey = x25519Public(point);
    try {
      return plain(diffieHellman({ privateKey, publicKey }));
    } catch {
      // With both keys imported, the one thing that OpenSSL still refuses is an all-zero result.
      return undefined;
    }
  },

  x25519Base(scalar) {
    return rawPublic(x25519Private(scalar));
  },

  ed25519PublicKey(seed) {
    const key = createPrivateKey({ key: der(ED25519_PKCS8, seed), format: "der", type: "pkcs8" });
    return rawPublic(key);
  },

  chacha20Poly1305Seal(key, nonce, message) {
    const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG_BYTES });
    const body = cipher.update(message);
    cipher.final();
    return concat(body, cipher.getAuthTag());
  },

  chacha20Poly1305Open(key, nonce, sealed) {
    if (sealed.length < TAG_BYTES) return undefined;
    const decipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG_BYTES });
    return finish(decipher, sealed);
  },

  chacha20Poly1305SealInto(out, key, nonce, message) {
    const cipher = createCipheriv("chacha20-poly1305", key, nonce, CHACHA_TAG);
    const body = cipher.update(message);
    out.set(body);
    giveBack(body);
    cipher.final();
    out.set(cipher.getAuthTag(), message.length);
  },

  chacha20Poly1305OpenInto(out, key, nonce, sealed) {
    if (sealed.length < TAG_BYTES) return false;
    const clear = finish(createDecipheriv("chacha20-poly1305", key, nonce, CHACHA_TAG), sealed);
    if (clear === undefined) return false;
    out.set(clear);
    giveBack(clear);
    return true;
  },

  aes256GcmSeal(key, nonce, message, aad) {
    const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    if (aad !== undefined) cipher.setAAD(aad);
    const body = cipher.update(message);
    cipher.final();
    return concat(body, cipher.getAuthTag());
  },

  aes256GcmOpen(key, nonce, sealed, aad) {
    if (sealed.length < TAG_BYTES) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    if (aad !== undefined) decipher.setAAD(aad);
    return finish(decipher, sealed);
  },

  scrypt(passphrase, salt, logN) {
    const N = 2 ** logN;
    // OpenSSL wants room for V, B and a little more, and refuses to start without.
    const maxmem = 128 * SCRYPT_R * (N + SCRYPT_P + 8);
    return new Promise((resolve, reject) => {
      scrypt(passphrase, salt, SCRYPT_BYTES, { N, r: SCRYPT_R, p: SCRYPT_P, maxmem }, (error, key) =>
        error === null ? resolve(plain(key)) : reject(error),
      );
    });
  },

  async rsaOaepEncrypt(publicKeySpki, message, label) {
    const key = rsaPublicKey(publicKeySpki);
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return plain(publicEncrypt({ key, padding, oaepHash: "sha256", oaepLabel: label }, message));
  },

  async rsaOaepDecrypt(privateKeyPkcs8, sealed, label) {
    const key = createPrivateKey({ key: Buffer.from(privateKeyPkcs8), format: "der", type: "pkcs8" });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    try {
      return plain(privateDecrypt({ key, padding, oaepHash: "sha256", oaepLabel: label }, sealed));
    } catch {
      return undefined;
    }
  },
};

/** Reading a key costs more than using it, and a file of Secrets is sealed to one. Goes by the array, not its bytes. */
const rsaPublicKeys = new WeakMap<Uint8Array, KeyObject>();

function rsaPublicKey(spki: Uint8Array): KeyObject {
  const known = rsaPublicKeys.get(spki);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  rsaPublicKeys.set(spki, key);
  return key;
}

interface Decipher {
  setAuthTag(tag: Uint8Array): unknown;
  update(data: Uint8Array): Uint8Array;
  final(): Uint8Array;
}

function finish(decipher: Decipher, sealed: Uint8Array): Uint8Array | undefined {
  const body = sealed.length - TAG_BYTES;
  decipher.setAuthTag(sealed.subarray(body));
  const clear = plain(decipher.update(sealed.subarray(0, body)));
  try {
    decipher.final();
  } catch {
    clear.fill(0);
    return undefined;
  }
  return clear;
}

/** Takes what it is given and forgets it. */
let closedPort: InstanceType<typeof MessageChannel>["port1"] | undefined;

/**
 * Frees memory that OpenSSL's result came in. Left to V8, 32 MiB of it gather in each thread before it looks, and none of
 * that is in a cache of the processor when it is used again. A port that takes a buffer over is the one way to say so
 * that Node 20 has; one that is closed has nobody to hand it to.
 */
function giveBack({ buffer, length }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== length) return;
  if (closedPort === undefined) {
    closedPort = new MessageChannel().port1;
    closedPort.close();
  }
  closedPort.postMessage(undefined, [buffer]);
}

/** The same bytes without what Buffer changes: its `slice` does not copy, and it prints and compares as something else. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** A key that was read, and the text that it was read from. */
interface ReadKey {
  readonly text: string;
  readonly key: KeyObject;
}

/** Reading a key costs half of using it. As long as the array is there and unchanged, its key is. */
const x25519Keys = { private: new WeakMap<Uint8Array, ReadKey>(), public: new WeakMap<Uint8Array, ReadKey>() };

function remembered(keys: WeakMap<Uint8Array, ReadKey>, raw: Uint8Array, read: (text: string) => KeyObject): KeyObject {
  const text = base64url(raw);
  const known = keys.get(raw);
  if (known?.text === text) return known.key;
  const key = read(text);
  keys.set(raw, { text, key });
  return key;
}

function x25519Public(point: Uint8Array): KeyObject {
  return remembered(x25519Keys.public, point, (x) => createPublicKey({ key: { ...X25519_JWK, x }, format: "jwk" }));
}

function x25519Private(scalar: Uint8Array): KeyObject {
  return remembered(x25519Keys.private, scalar, (d) => {
    try {
      // Node 20 derives the public half itself and takes any text for it; a version that looks at it gets DER.
      return createPrivateKey({ key: { ...X25519_JWK, d, x: "" }, format: "jwk" });
    } catch {
      return createPrivateKey({ key: der(X25519_PKCS8, scalar), format: "der", type: "pkcs8" });
    }
  });
}

/** The 32 bytes of the public half. */
function rawPublic(privateKey: KeyObject): Uint8Array {
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return plain(Buffer.from(x, "base64url"));
}

/** Members of a key as JSON (RFC 8037). OpenSSL takes a tenth of the time for it that it takes for DER. */
const X25519_JWK = { kty: "OKP", crv: "X25519" };

function base64url(raw: Uint8Array): string {
  if (raw.length !== 32) throw new RangeError(`"key" expected 32 bytes, got ${raw.length}`);
  return Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("base64url");
}

function der(prefix: Uint8Array, raw: Uint8Array): Buffer {
  if (raw.length !== 32) throw new RangeError(`"key" expected 32 bytes, got ${raw.length}`);
  return Buffer.concat([prefix, raw]);
}
