import { concat } from "../../bytes/concat.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { LIMITS } from "../limits.ts";
import type { LockedSshSecret } from "./openssh-key.ts";
import { SshReader } from "./wire.ts";

const KEY_BYTES = 32;
const BLOCK_BYTES = 16;

/** Why a passphrase cannot open a key, whatever it is; undefined when nothing is in the way. */
export function obstacleTo({ cipher, kdf, kdfOptions, sealed }: LockedSshSecret): string | undefined {
  if (kdf !== "bcrypt") return "its key derivation is not bcrypt";
  if (cipher !== "aes256-ctr" && cipher !== "aes256-cbc") return "its cipher is neither aes256-ctr nor aes256-cbc";
  const { salt, rounds } = optionsOf(kdfOptions);
  if (salt === undefined || salt.length === 0 || rounds === undefined || rounds === 0) return "it is malformed";
  if (sealed.length === 0 || sealed.length % BLOCK_BYTES !== 0) return "it is malformed";
  return rounds > LIMITS.sshKeyRounds ? `it wants ${rounds} rounds of bcrypt` : undefined;
}

/**
 * The private part of a key under its passphrase, whose key has no obstacle. Nothing says here whether the passphrase was
 * right. Takes about a second for 16 rounds. Source: OpenSSH, PROTOCOL.key; OpenBSD, bcrypt_pbkdf(3).
 */
export async function decryptPrivatePart(locked: LockedSshSecret, passphrase: string): Promise<Uint8Array> {
  const { salt = new Uint8Array(0), rounds = 0 } = optionsOf(locked.kdfOptions);
  const word = encodeUtf8(passphrase);
  const derived = new Uint8Array(KEY_BYTES + BLOCK_BYTES);
  const { default: bcrypt } = await import("bcrypt-pbkdf");
  if (bcrypt.pbkdf(word, word.length, salt, salt.length, derived, derived.length, rounds) !== 0) {
    throw new RangeError('"passphrase" expected at least one character, got none');
  }
  const [key, iv] = [derived.slice(0, KEY_BYTES), derived.slice(KEY_BYTES)];
  const { sealed } = locked;
  return locked.cipher === "aes256-ctr" ? await ctr(key, iv, sealed) : await cbc(key, iv, sealed);
}

function optionsOf(kdfOptions: Uint8Array): { salt: Uint8Array | undefined; rounds: number | undefined } {
  const reader = new SshReader(kdfOptions);
  return { salt: reader.string(), rounds: reader.uint32() };
}

async function ctr(key: Uint8Array<ArrayBuffer>, counter: Uint8Array<ArrayBuffer>, sealed: Uint8Array) {
  const { subtle } = globalThis.crypto;
  const imported = await subtle.importKey("raw", key, "AES-CTR", false, ["decrypt"]);
  const algorithm = { name: "AES-CTR", counter, length: 128 };
  return new Uint8Array(await subtle.decrypt(algorithm, imported, new Uint8Array(sealed)));
}

/** WebCrypto wants PKCS#7 padding, which OpenSSH does not have: one block of it is put behind. */
async function cbc(key: Uint8Array<ArrayBuffer>, iv: Uint8Array<ArrayBuffer>, sealed: Uint8Array) {
  const { subtle } = globalThis.crypto;
  const imported = await subtle.importKey("raw", key, "AES-CBC", false, ["encrypt", "decrypt"]);
  const last = { name: "AES-CBC", iv: sealed.slice(-BLOCK_BYTES) };
  const padding = new Uint8Array(await subtle.encrypt(last, imported, new Uint8Array(0)));
  return new Uint8Array(await subtle.decrypt({ name: "AES-CBC", iv }, imported, concat(sealed, padding).slice()));
}
