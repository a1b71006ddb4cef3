import { equalBytes } from "../../bytes/equal.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import type { LockedPem } from "./pem-passphrase.ts";
import { parseSshPublicKey, type SshPublicKey } from "./public-key.ts";
import { pkcs8OfNumbers } from "./rsa.ts";
import { SshReader, sshFields } from "./wire.ts";

/** The secret half of a key: the 32-byte seed of an ssh-ed25519 key, PKCS#8 of an ssh-rsa key. */
export type SshSecret = Uint8Array;

/** The private part of a key file that a passphrase protects. */
export interface LockedSshSecret {
  readonly cipher: string;
  readonly kdf: string;
  readonly kdfOptions: Uint8Array;
  readonly sealed: Uint8Array;
}

export type SshPrivateKeyResult =
  | { readonly publicKey: SshPublicKey; readonly secret: SshSecret | LockedSshSecret }
  /** Encrypted as a whole: nothing in it says which public key belongs to it. */
  | { readonly lockedPem: LockedPem }
  | { readonly unsupported: string }
  | { readonly problem: string };

const MAGIC = encodeUtf8("openssh-key-v1\0");
const MALFORMED = "ssh: invalid openssh private key format";

/** What stands between the BEGIN and END lines of `OPENSSH PRIVATE KEY`. Source: OpenSSH, PROTOCOL.key. */
export function parseOpenSshKey(bytes: Uint8Array): SshPrivateKeyResult {
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return { problem: MALFORMED };
  const reader = new SshReader(bytes.subarray(MAGIC.length));
  const [cipher, kdf, kdfOptions, count] = [reader.name(), reader.name(), reader.string(), reader.uint32()];
  const [wire, sealed] = [reader.string(), reader.string()];
  if (cipher === undefined || kdf === undefined || kdfOptions === undefined) return { problem: MALFORMED };
  if (count !== 1 || wire === undefined || sealed === undefined || !reader.atEnd) return { problem: MALFORMED };
  const publicKey = parseSshPublicKey(wire);
  if (!("type" in publicKey)) return publicKey;
  if (cipher !== "none") return { publicKey, secret: { cipher, kdf, kdfOptions, sealed } };
  const secret = parsePrivatePart(publicKey, sealed);
  return secret === undefined ? { problem: MALFORMED } : { publicKey, secret };
}

/**
 * The decrypted private part; undefined when it is malformed or belongs to another public key. With a passphrase both
 * mean that it was the wrong one.
 */
export function parsePrivatePart(publicKey: SshPublicKey, part: Uint8Array): SshSecret | undefined {
  const reader = new SshReader(part);
  const [first, second] = [reader.uint32(), reader.uint32()];
  if (first === undefined || first !== second || reader.name() !== publicKey.type) return undefined;
  const secret = publicKey.type === "ssh-ed25519" ? readSeed(publicKey, reader) : readRsa(publicKey, reader);
  const comment = reader.string();
  const padded = reader.rest().every((byte, index) => byte === ((index + 1) & 0xff));
  return comment !== undefined && padded ? secret : undefined;
}

function readSeed({ type, wire }: SshPublicKey, reader: SshReader): Uint8Array | undefined {
  const [point, both] = [reader.string(), reader.string()];
  if (point === undefined || both?.length !== 64 || !equalBytes(sshFields(type, point), wire)) return undefined;
  return equalBytes(both.subarray(32), point) ? both.slice(0, 32) : undefined;
}

function readRsa({ type, wire }: SshPublicKey, reader: SshReader): Uint8Array | undefined {
  const next = () => reader.positiveInteger();
  const [modulus, exponent, privateExponent, coefficient, p, q] = [next(), next(), next(), next(), next(), next()];
  if (modulus === undefined || exponent === undefined || privateExponent === undefined) return undefined;
  if (coefficient === undefined || p === undefined || q === undefined) return undefined;
  if (!equalBytes(sshFields(type, exponent, modulus), wire)) return undefined;
  return pkcs8OfNumbers({ modulus, exponent, privateExponent, coefficient, primes: [p, q] });
}
