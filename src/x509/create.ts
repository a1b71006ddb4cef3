import { primitives } from "#primitives";
import { concat } from "../bytes/concat.ts";
import { encodePem } from "../bytes/pem.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { readCertificate, type SealingCertificate } from "./certificate.ts";
import { DerReader, der, derInteger, derOid, TAG } from "./der.ts";
import { type RsaPrivateKey, readPrivateKey } from "./private-key.ts";
import { decodeSpki, encodeRsaPublicKey } from "./rsa-key.ts";

/** A sealing key as it is stored in the cluster. */
export interface SealingKeyPair {
  readonly certificate: SealingCertificate;
  readonly certificatePem: string;
  readonly privateKey: RsaPrivateKey;
  /** PKCS#1, as upstream writes it. Secret. */
  readonly privateKeyPem: string;
}

export interface CreateOptions {
  /** Milliseconds since the epoch; cut to whole seconds. */
  readonly now: number;
  readonly lifetimeMs: number;
  /** Common name of subject and issuer; empty (the default) leaves both empty. */
  readonly commonName?: string;
  /** Length of the modulus; default 4096. */
  readonly bits?: number;
}

const SHA256_WITH_RSA = der(TAG.sequence, derOid("1.2.840.113549.1.1.11"), der(TAG.null));
const SIGNATURE = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/**
 * A new RSA key and its self-signed certificate. Making the key takes seconds of one core, off the event loop.
 */
export async function createSealingKey(options: CreateOptions): Promise<SealingKeyPair> {
  const { subtle } = globalThis.crypto;
  const publicExponent = Uint8Array.of(1, 0, 1);
  const algorithm = { ...SIGNATURE, modulusLength: options.bits ?? 4096, publicExponent };
  const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const pkcs8 = new Uint8Array(await subtle.exportKey("pkcs8", pair.privateKey));
  return certify(readPrivateKey(encodePem("PRIVATE KEY", pkcs8)), options);
}

/**
 * The self-signed certificate of a sealing key: X.509 v3, serial below 2^128, sha256WithRSAEncryption, and the three
 * extensions that upstream writes: KeyUsage encipherOnly (critical), BasicConstraints CA (critical), and
 * SubjectKeyIdentifier, which is SHA-256 of the public key cut to 20 bytes (RFC 7093 §2, method 1).
 */
export async function certify(
  privateKey: RsaPrivateKey,
  { now, lifetimeMs, commonName = "" }: CreateOptions,
): Promise<SealingKeyPair> {
  const notBefore = Math.floor(now / 1000) * 1000;
  const name = nameOf(commonName);
  const tbs = der(
    TAG.sequence,
    der(TAG.context0, derInteger(Uint8Array.of(2))),
    derInteger(serialNumber()),
    SHA256_WITH_RSA,
    name,
    der(TAG.sequence, time(notBefore), time(notBefore + lifetimeMs)),
    name,
    privateKey.spki,
    der(TAG.context3, der(TAG.sequence, ...extensions(privateKey))),
  );
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("pkcs8", new Uint8Array(privateKey.pkcs8), SIGNATURE, false, ["sign"]);
  const signature = new Uint8Array(await subtle.sign(SIGNATURE.name, key, new Uint8Array(tbs)));
  const certificate = der(TAG.sequence, tbs, SHA256_WITH_RSA, der(TAG.bitString, Uint8Array.of(0), signature));
  const certificatePem = encodePem("CERTIFICATE", certificate);
  const privateKeyPem = encodePem("RSA PRIVATE KEY", pkcs1Of(privateKey));
  return { certificate: readCertificate(certificatePem), certificatePem, privateKey, privateKeyPem };
}

function serialNumber(): Uint8Array {
  return primitives.randomBytes(16);
}

function nameOf(commonName: string): Uint8Array {
  if (commonName === "") return der(TAG.sequence);
  const attribute = der(TAG.sequence, derOid("2.5.4.3"), der(TAG.utf8String, encodeUtf8(commonName)));
  return der(TAG.sequence, der(TAG.set, attribute));
}

/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
function time(ms: number): Uint8Array {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:T]/g, "");
  return new Date(ms).getUTCFullYear() < 2050
    ? der(TAG.utcTime, encodeUtf8(digits.slice(2)))
    : der(TAG.generalizedTime, encodeUtf8(digits));
}

function extensions({ spki }: RsaPrivateKey): Uint8Array[] {
  const TRUE = der(TAG.boolean, Uint8Array.of(0xff));
  const key = decodeSpki(spki);
  const identifier = typeof key === "object" ? primitives.sha256(encodeRsaPublicKey(key)).subarray(0, 20) : undefined;
  // KeyUsage is a bit string; encipherOnly is bit 7, so no bit is unused.
  const encipherOnly = der(TAG.bitString, Uint8Array.of(0, 0x01));
  return [
    der(TAG.sequence, derOid("2.5.29.15"), TRUE, der(TAG.octetString, encipherOnly)),
    der(TAG.sequence, derOid("2.5.29.19"), TRUE, der(TAG.octetString, der(TAG.sequence, TRUE))),
    der(TAG.sequence, derOid("2.5.29.14"), der(TAG.octetString, der(TAG.octetString, identifier ?? concat()))),
  ];
}

/** The PKCS#1 key inside a PKCS#8 one, which `readPrivateKey` has built in this very shape. */
function pkcs1Of({ pkcs8 }: RsaPrivateKey): Uint8Array {
  const info = new DerReader(pkcs8).enter(TAG.sequence);
  info?.next(TAG.integer);
  info?.next(TAG.sequence);
  return info?.next(TAG.octetString)?.content ?? new Uint8Array(0);
}
