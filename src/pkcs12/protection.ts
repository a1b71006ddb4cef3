import { createDecipheriv, createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { concat } from "../bytes/concat.ts";
import { DerReader, TAG } from "../bytes/der.ts";
import { equalBytes } from "../bytes/equal.ts";
import { encodeHex } from "../bytes/hex.ts";

/** More rounds than any tool makes: the file says how many, and each costs time. */
const MAX_ITERATIONS = 2_000_000;

/** Object identifiers, as their DER contents in hex: those of RFC 8018 and RFC 7292, appendix C. */
const OID = {
  pbes2: "2a864886f70d01050d",
  pbkdf2: "2a864886f70d01050c",
  pbmac1: "2a864886f70d01050e",
} as const;

const PRF_HASHES: ReadonlyMap<string, string> = new Map([
  ["2a864886f70d0207", "sha1"],
  ["2a864886f70d0208", "sha224"],
  ["2a864886f70d0209", "sha256"],
  ["2a864886f70d020a", "sha384"],
  ["2a864886f70d020b", "sha512"],
]);

const CIPHERS: ReadonlyMap<string, { readonly name: string; readonly keyBytes: number }> = new Map([
  ["608648016503040102", { name: "aes-128-cbc", keyBytes: 16 }],
  ["608648016503040116", { name: "aes-192-cbc", keyBytes: 24 }],
  ["60864801650304012a", { name: "aes-256-cbc", keyBytes: 32 }],
  ["2a864886f70d0307", { name: "des-ede3-cbc", keyBytes: 24 }],
]);

/** `rc2Bits`: the effective length of an RC2 key; absent for triple DES. */
const OLD_SCHEMES: ReadonlyMap<string, { readonly keyBytes: number; readonly rc2Bits?: number }> = new Map([
  ["2a864886f70d010c0103", { keyBytes: 24 }],
  ["2a864886f70d010c0104", { keyBytes: 16 }],
  ["2a864886f70d010c0105", { keyBytes: 16, rc2Bits: 128 }],
  ["2a864886f70d010c0106", { keyBytes: 5, rc2Bits: 40 }],
]);

const MAC_HASHES: ReadonlyMap<string, string> = new Map([
  ["2b0e03021a", "sha1"],
  ["608648016503040204", "sha224"],
  ["608648016503040201", "sha256"],
  ["608648016503040202", "sha384"],
  ["608648016503040203", "sha512"],
]);

/**
 * Opens what a PKCS #12 file encrypts under its password: PBES2 with AES or triple DES, and the four older schemes that
 * are still written.
 *
 * @param algorithm Inside of the `AlgorithmIdentifier`.
 * @returns the clear bytes, or one clause saying why not
 */
export async function decryptPkcs12(
  algorithm: DerReader,
  ciphertext: Uint8Array,
  password: string,
): Promise<Uint8Array | string> {
  const scheme = oidOf(algorithm);
  const parameters = algorithm.enter(TAG.sequence);
  if (parameters === undefined) return MALFORMED;
  if (scheme === OID.pbes2) return decryptPbes2(parameters, ciphertext, password);
  const old = OLD_SCHEMES.get(scheme);
  if (old === undefined) return "it is encrypted in a way that is not supported";
  const rounds = readRounds(parameters);
  if (typeof rounds === "string") return rounds;
  const derive = (purpose: number, wantedBytes: number) =>
    derivePkcs12(password, { ...rounds, hash: "sha1", purpose, wantedBytes });
  const [key, iv] = [derive(PURPOSE.key, old.keyBytes), derive(PURPOSE.iv, 8)];
  if (old.rc2Bits !== undefined) return await decryptRc2({ key, iv, bits: old.rc2Bits }, ciphertext);
  // Two keys of triple DES: the first one comes again as the third.
  const whole = key.length === 24 ? key : concat(key, key.subarray(0, 8));
  return decryptCbc("des-ede3-cbc", { key: whole, iv }, ciphertext);
}

function decryptPbes2(parameters: DerReader, ciphertext: Uint8Array, password: string): Uint8Array | string {
  const derivation = parameters.enter(TAG.sequence);
  const encryption = parameters.enter(TAG.sequence);
  if (derivation === undefined || encryption === undefined) return MALFORMED;
  if (oidOf(derivation) !== OID.pbkdf2) return NO_PBKDF2;
  const settings = derivation.enter(TAG.sequence);
  const rounds = settings === undefined ? MALFORMED : readRounds(settings);
  if (settings === undefined || typeof rounds === "string") return typeof rounds === "string" ? rounds : MALFORMED;
  if (settings.peekTag() === TAG.integer) settings.next(TAG.integer);
  const prf = settings.enter(TAG.sequence);
  const hash = prf === undefined ? "sha1" : PRF_HASHES.get(oidOf(prf));
  const cipher = CIPHERS.get(oidOf(encryption));
  const iv = encryption.next(TAG.octetString)?.content;
  if (hash === undefined || cipher === undefined || iv === undefined) {
    return "it is encrypted in a way that is not supported";
  }
  const key = pbkdf2Sync(Buffer.from(password, "utf8"), rounds.salt, rounds.iterations, cipher.keyBytes, hash);
  return decryptCbc(cipher.name, { key, iv }, ciphertext);
}

interface Rounds {
  readonly salt: Uint8Array;
  readonly iterations: number;
}

function readRounds(parameters: DerReader): Rounds | string {
  const salt = parameters.next(TAG.octetString)?.content;
  const iterations = numberOf(parameters.next(TAG.integer)?.content);
  if (salt === undefined || salt.length > MAX_SALT_BYTES || iterations === undefined) return MALFORMED;
  return iterations <= MAX_ITERATIONS ? { salt, iterations } : TOO_MANY_ROUNDS;
}

const MAX_SALT_BYTES = 1024;
const MALFORMED = "it is malformed";
const NO_PBKDF2 = "its key is derived in a way that is not supported";
const TOO_MANY_ROUNDS = `it wants more than ${MAX_ITERATIONS} rounds`;

interface CbcKey {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

const WRONG_PASSWORD = "it does not open with this password";

function decryptCbc(name: string, { key, iv }: CbcKey, ciphertext: Uint8Array): Uint8Array | string {
  try {
    const decipher = createDecipheriv(name, key, iv);
    return new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  } catch {
    return WRONG_PASSWORD;
  }
}

async function decryptRc2(
  { key, iv, bits }: CbcKey & { readonly bits: number },
  ciphertext: Uint8Array,
): Promise<Uint8Array | string> {
  // OpenSSL keeps RC2 in a part that Node does not load.
  const { rc2, util } = (await import("node-forge")).default;
  const binary = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  const cipher = rc2.createDecryptionCipher(binary(key), bits);
  cipher.start(binary(iv), util.createBuffer());
  cipher.update(util.createBuffer(binary(ciphertext)));
  return cipher.finish() ? new Uint8Array(Buffer.from(cipher.output.getBytes(), "latin1")) : WRONG_PASSWORD;
}

/**
 * Why an encrypted private key (PKCS #8) is not given to OpenSSL, in one clause: that works through as many rounds as the key
 * says, on the thread that asks. Undefined when they are few enough.
 *
 * @param key EncryptedPrivateKeyInfo, DER
 */
export function obstacleToOpening(key: Uint8Array): string | undefined {
  const algorithm = new DerReader(key).enter(TAG.sequence)?.enter(TAG.sequence);
  if (algorithm === undefined) return MALFORMED;
  const scheme = oidOf(algorithm);
  const parameters = algorithm.enter(TAG.sequence);
  if (scheme !== OID.pbes2) return roundsProblem(parameters);
  const derivation = parameters?.enter(TAG.sequence);
  if (derivation === undefined || oidOf(derivation) !== OID.pbkdf2) return NO_PBKDF2;
  return roundsProblem(derivation.enter(TAG.sequence));
}

function roundsProblem(parameters: DerReader | undefined): string | undefined {
  const rounds = parameters === undefined ? MALFORMED : readRounds(parameters);
  return typeof rounds === "string" ? rounds : undefined;
}

/** Whether the MAC of a file holds, or one clause saying why it does not. Source: RFC 7292 §4. */
export function checkPkcs12Mac(macData: DerReader, content: Uint8Array, password: string): string | undefined {
  const digest = macData.enter(TAG.sequence);
  const algorithm = digest?.enter(TAG.sequence);
  const wanted = digest?.next(TAG.octetString)?.content;
  const salt = macData.next(TAG.octetString)?.content;
  if (algorithm === undefined || wanted === undefined || salt === undefined) return MALFORMED;
  const oid = oidOf(algorithm);
  const hash = MAC_HASHES.get(oid);
  if (hash === undefined) return oid === OID.pbmac1 ? "its MAC is PBMAC1, which is not supported" : MALFORMED;
  const iterations = macData.atEnd ? 1 : numberOf(macData.next(TAG.integer)?.content);
  if (iterations === undefined || salt.length > MAX_SALT_BYTES) return MALFORMED;
  if (iterations > MAX_ITERATIONS) return TOO_MANY_ROUNDS;
  const wantedBytes = createHash(hash).digest().length;
  const key = derivePkcs12(password, { salt, iterations, hash, purpose: PURPOSE.mac, wantedBytes });
  const made = createHmac(hash, key).update(content).digest();
  return equalBytes(made, wanted) ? undefined : WRONG_PASSWORD;
}

const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

interface Derivation extends Rounds {
  readonly hash: string;
  readonly purpose: number;
  readonly wantedBytes: number;
}

/** Source: RFC 7292, appendix B.2; the letters are those there. */
function derivePkcs12(password: string, { salt, iterations, hash, purpose, wantedBytes }: Derivation): Uint8Array {
  const v = hash === "sha384" || hash === "sha512" ? 128 : 64;
  const D = new Uint8Array(v).fill(purpose);
  const I = concat(repeatedTo(salt, v), repeatedTo(bmpString(password), v));
  const parts: Uint8Array[] = [];
  for (let bytes = 0; bytes < wantedBytes; ) {
    let A: Uint8Array = createHash(hash).update(D).update(I).digest();
    for (let round = 1; round < iterations; round++) A = createHash(hash).update(A).digest();
    parts.push(A);
    bytes += A.length;
    const B = repeatedTo(A, v).subarray(0, v);
    for (let at = 0; at < I.length; at += v) addOnePlus(I.subarray(at, at + v), B);
  }
  return concat(...parts).subarray(0, wantedBytes);
}

/** Copies of `bytes` until a multiple of `block` is full; nothing stays nothing. */
function repeatedTo(bytes: Uint8Array, block: number): Uint8Array {
  const length = Math.ceil(bytes.length / block) * block;
  return Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0);
}

/** `target = target + addend + 1`, as big-endian numbers that overflow. */
function addOnePlus(target: Uint8Array, addend: Uint8Array): void {
  let carry = 1;
  for (let at = target.length - 1; at >= 0; at--) {
    const sum = (target[at] ?? 0) + (addend[at] ?? 0) + carry;
    target[at] = sum & 0xff;
    carry = sum >> 8;
  }
}

/** UTF-16, big end first, with the two zero bytes that count as part of it. */
function bmpString(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(`${text}\0`, "utf16le").swap16());
}

/** The object identifier that comes next, as the hex of its contents; empty when there is none. */
export function oidOf(reader: DerReader): string {
  return encodeHex(reader.next(TAG.oid)?.content ?? new Uint8Array());
}

/** A small positive number. */
function numberOf(bytes: Uint8Array | undefined): number | undefined {
  if (bytes === undefined || bytes.length === 0 || bytes.length > 5 || (bytes[0] ?? 0) >= 0x80) return undefined;
  const value = bytes.reduce((total, byte) => total * 256 + byte, 0);
  return value > 0 ? value : undefined;
}
