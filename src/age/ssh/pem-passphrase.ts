import { concat } from "../../bytes/concat.ts";
import { decodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";

/** A private key that old OpenSSL encrypted: what `DEK-Info` in front of it says, and the ciphertext. */
export interface LockedPem {
  readonly cipher: PemCipher;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: Uint8Array;
}

interface PemCipher {
  readonly keyBytes: 8 | 16 | 24 | 32;
  readonly blockBytes: 8 | 16;
  /** As the pure implementation calls it, for what WebCrypto has not. */
  readonly old?: "DES-CBC" | "3DES-CBC";
}

const SALT_BYTES = 8;

/** All that age opens. */
const CIPHERS: ReadonlyMap<string, PemCipher> = new Map<string, PemCipher>([
  ["AES-128-CBC", { keyBytes: 16, blockBytes: 16 }],
  ["AES-192-CBC", { keyBytes: 24, blockBytes: 16 }],
  ["AES-256-CBC", { keyBytes: 32, blockBytes: 16 }],
  ["DES-EDE3-CBC", { keyBytes: 24, blockBytes: 8, old: "3DES-CBC" }],
  ["DES-CBC", { keyBytes: 8, blockBytes: 8, old: "DES-CBC" }],
]);

/** Reads the header fields of an encrypted PEM block; one clause when they name something that is not opened here. */
export function readLockedPem(headers: ReadonlyMap<string, string>, sealed: Uint8Array): LockedPem | string {
  const [name = "", hex = ""] = (headers.get("DEK-Info") ?? "").split(",");
  const cipher = CIPHERS.get(name.trim());
  if (cipher === undefined) return "with a passphrase and a cipher other than AES or DES in PEM form";
  const iv = decodeHex(hex.trim().toLowerCase());
  const isWhole = iv?.length === cipher.blockBytes && sealed.length > 0 && sealed.length % cipher.blockBytes === 0;
  return isWhole ? { cipher, iv: Uint8Array.from(iv), sealed } : "that is malformed";
}

/**
 * The key under its passphrase, DER; undefined for a wrong passphrase (or, once in 256 times, bytes that are no key).
 * Source: OpenSSL, PEM_read_bio_PrivateKey(3) and EVP_BytesToKey(3): MD5 and one round, so such keys are worth converting.
 */
export async function decryptLockedPem(locked: LockedPem, passphrase: string): Promise<Uint8Array | undefined> {
  const { cipher, iv } = locked;
  const { md5 } = await import("@noble/hashes/legacy.js");
  const seed = concat(encodeUtf8(passphrase), iv.subarray(0, SALT_BYTES));
  let key: Uint8Array = new Uint8Array();
  for (let last: Uint8Array = new Uint8Array(); key.length < cipher.keyBytes; key = concat(key, last)) {
    last = md5(concat(last, seed));
  }
  const cut = new Uint8Array(key.subarray(0, cipher.keyBytes));
  return cipher.old === undefined ? await decryptAes(cut, locked) : await decryptDes(cipher.old, cut, locked);
}

async function decryptAes(key: Uint8Array<ArrayBuffer>, { iv, sealed }: LockedPem): Promise<Uint8Array | undefined> {
  const { subtle } = globalThis.crypto;
  const imported = await subtle.importKey("raw", key, "AES-CBC", false, ["decrypt"]);
  try {
    return new Uint8Array(await subtle.decrypt({ name: "AES-CBC", iv }, imported, new Uint8Array(sealed)));
  } catch {
    return undefined;
  }
}

async function decryptDes(
  name: NonNullable<PemCipher["old"]>,
  key: Uint8Array,
  { iv, sealed }: LockedPem,
): Promise<Uint8Array | undefined> {
  const { cipher, util } = (await import("node-forge")).default;
  const binary = (bytes: Uint8Array) => util.binary.raw.encode(bytes);
  const opening = cipher.createDecipher(name, binary(key));
  opening.start({ iv: binary(iv) });
  opening.update(util.createBuffer(binary(sealed)));
  return opening.finish() ? util.binary.raw.decode(opening.output.getBytes()) : undefined;
}
