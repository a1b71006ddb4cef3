import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { DerReader, der, derInteger, TAG } from "../../../bytes/der.ts";
import { decodePem, encodePem } from "../../../bytes/pem.ts";
import { GoError } from "../../value/go-error.ts";

/** A new key in the PEM form that Sprig prints; of an unknown type, the text that it prints instead. */
export function generatePrivateKey(type: string): string {
  switch (type) {
    case "":
    case "rsa":
      return privateKeyPem(generateKeyPairSync("rsa", { modulusLength: 4096 }).privateKey);
    case "dsa":
      return dsaPem(generateKeyPairSync("dsa", { modulusLength: 2048, divisorLength: 256 }));
    case "ecdsa":
      return privateKeyPem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
    case "ed25519":
      return privateKeyPem(generateKeyPairSync("ed25519").privateKey);
    default:
      return `Unknown type ${type}`;
  }
}

/** A new key for a certificate. */
export function generateRsaKey(): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
}

/** PKCS#1 for RSA, SEC 1 for elliptic curves, PKCS#8 for the others. */
export function privateKeyPem(key: KeyObject): string {
  const { asymmetricKeyType: type } = key;
  const form = type === "rsa" ? "pkcs1" : type === "ec" ? "sec1" : "pkcs8";
  return String(key.export({ type: form, format: "pem" }));
}

/** Version 0, p, q, g, y, x: what OpenSSL calls its traditional format. */
function dsaPem({ privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }): string {
  const info = new DerReader(privateKey.export({ type: "pkcs8", format: "der" })).enter(TAG.sequence);
  info?.next(TAG.integer);
  const algorithm = info?.enter(TAG.sequence);
  algorithm?.next(TAG.oid);
  const parameters = algorithm?.next(TAG.sequence)?.content;
  const x = new DerReader(info?.next(TAG.octetString)?.content ?? new Uint8Array()).next(TAG.integer)?.whole;
  const spki = new DerReader(publicKey.export({ type: "spki", format: "der" })).enter(TAG.sequence);
  spki?.next(TAG.sequence);
  // A bit string begins with the number of its unused bits.
  const bits = spki?.next(TAG.bitString)?.content.subarray(1);
  const y = new DerReader(bits ?? new Uint8Array()).next(TAG.integer)?.whole;
  if (parameters === undefined || x === undefined || y === undefined)
    throw new GoError("failed to generate dsa params");
  return encodePem("DSA PRIVATE KEY", der(TAG.sequence, derInteger(Uint8Array.of(0)), parameters, y, x));
}

/** A key that was read: one that can sign, or a DSA key, of which nothing more is needed. */
export type ReadKey = KeyObject | "dsa";

/** @throws {GoError} in Sprig's words; what is wrong with the bytes of a key is said in ours. */
export function readPrivateKeyPem(pem: string): ReadKey {
  const [block] = decodePem(pem);
  if (block === undefined) throw new GoError("no PEM data in input");
  const { label, bytes } = block;
  if (label === "PRIVATE KEY") return readDer(bytes, "pkcs8", "decoding PEM as PKCS#8");
  if (!label.endsWith(" PRIVATE KEY")) throw new GoError(`no private key data in PEM block of type ${label}`);
  const type = label.slice(0, -" PRIVATE KEY".length);
  if (type === "RSA") return readDer(bytes, "pkcs1", "parsing RSA private key from PEM");
  if (type === "EC") return readDer(bytes, "sec1", "parsing EC private key from PEM");
  if (type !== "DSA") throw new GoError(`invalid private key type ${type}`);
  if (new DerReader(bytes).next(TAG.sequence) === undefined) {
    throw new GoError("parsing DSA private key from PEM: the key is malformed");
  }
  return "dsa";
}

function readDer(bytes: Uint8Array, type: "pkcs8" | "pkcs1" | "sec1", what: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(bytes), format: "der", type });
  } catch {
    throw new GoError(`${what}: the key is malformed`);
  }
}
