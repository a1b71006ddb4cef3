import { primitives } from "#primitives";
import { concat } from "../bytes/concat.ts";
import { DerReader, TAG } from "../bytes/der.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodePem } from "../bytes/pem.ts";
import { readCertificate, type SealingCertificate } from "./certificate.ts";
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

const SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
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
  // Loaded when a certificate is made: most commands only read them.
  const { asn1, pki } = (await import("node-forge")).default;
  const notBefore = Math.floor(now / 1000) * 1000;
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(encodePem("PUBLIC KEY", privateKey.spki));
  certificate.serialNumber = serialNumber();
  certificate.validity = { notBefore: new Date(notBefore), notAfter: new Date(notBefore + lifetimeMs) };
  const name =
    commonName === "" ? [] : [{ name: "commonName", value: commonName, valueTagClass: Number(asn1.Type.UTF8) }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: "keyUsage", critical: true, encipherOnly: true },
    { name: "basicConstraints", critical: true, cA: true },
    { id: "2.5.29.14", value: subjectKeyIdentifier(privateKey) },
  ]);
  // What forge's own sign() would set; forge signs in JavaScript, a hundred times slower.
  certificate.signatureOid = SHA256_WITH_RSA;
  certificate.siginfo.algorithmOid = SHA256_WITH_RSA;
  const toBeSigned = bytesOf(asn1.toDer(pki.getTBSCertificate(certificate)).getBytes());
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("pkcs8", new Uint8Array(privateKey.pkcs8), SIGNATURE, false, ["sign"]);
  certificate.signature = binary(new Uint8Array(await subtle.sign(SIGNATURE.name, key, toBeSigned)));
  const der = bytesOf(asn1.toDer(pki.certificateToAsn1(certificate)).getBytes());
  const certificatePem = encodePem("CERTIFICATE", der);
  const privateKeyPem = encodePem("RSA PRIVATE KEY", pkcs1Of(privateKey));
  return { certificate: readCertificate(certificatePem), certificatePem, privateKey, privateKeyPem };
}

/** A positive number below 2^127 in hex, as forge takes it. */
function serialNumber(): string {
  const bytes = new Uint8Array(primitives.randomBytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return encodeHex(bytes);
}

/** An OCTET STRING of 20 bytes, as a binary string. */
function subjectKeyIdentifier({ spki }: RsaPrivateKey): string {
  const key = decodeSpki(spki);
  if (typeof key !== "object") throw new TypeError('"privateKey" expected an RSA key, got another');
  return binary(concat(Uint8Array.of(0x04, 20), primitives.sha256(encodeRsaPublicKey(key)).subarray(0, 20)));
}

/** Forge keeps bytes as strings with a character each. */
function binary(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The PKCS#1 key inside a PKCS#8 one, which `readPrivateKey` has built in this very shape. */
function pkcs1Of({ pkcs8 }: RsaPrivateKey): Uint8Array {
  const info = new DerReader(pkcs8).enter(TAG.sequence);
  info?.next(TAG.integer);
  info?.next(TAG.sequence);
  return info?.next(TAG.octetString)?.content ?? new Uint8Array(0);
}
