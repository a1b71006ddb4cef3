import { primitives } from "#primitives";
import { DerReader, TAG } from "../../bytes/der.ts";
import { quoteGo } from "../../bytes/go-quote.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { decodePem } from "../../bytes/pem.ts";
import { parseOpenSshKey, type SshPrivateKeyResult, type SshSecret } from "./openssh-key.ts";
import { readLockedPem } from "./pem-passphrase.ts";
import { parseSshPublicKey } from "./public-key.ts";
import { pkcs8OfPkcs1, sshWireOfPkcs1 } from "./rsa.ts";
import { sshFields } from "./wire.ts";

/** Object identifiers of PKCS#8, as their bytes in hexadecimal. */
const RSA_OID = "2a864886f70d010101";
const ED25519_OID = "2b6570";

/** The first PEM block of a text, in the forms that ssh-keygen writes. Never fails with a part of the text. */
export function parseSshPrivateKey(text: string): SshPrivateKeyResult {
  const [block] = decodePem(text);
  if (block === undefined) return { problem: "ssh: no key found" };
  if (block.hasHeaders && block.label === "RSA PRIVATE KEY") {
    const lockedPem = readLockedPem(block.headers, block.bytes);
    return typeof lockedPem === "string" ? { unsupported: `${block.label} ${lockedPem}` } : { lockedPem };
  }
  if (block.hasHeaders || block.label === "ENCRYPTED PRIVATE KEY") {
    return { unsupported: `${block.label} with a passphrase in PEM form` };
  }
  switch (block.label) {
    case "OPENSSH PRIVATE KEY":
      return parseOpenSshKey(block.bytes);
    case "RSA PRIVATE KEY":
      return parsePkcs1(block.bytes);
    case "PRIVATE KEY":
      return parsePkcs8(block.bytes);
    case "EC PRIVATE KEY":
    case "DSA PRIVATE KEY":
      return { unsupported: block.label };
    default:
      return { problem: `ssh: unsupported key type ${quoteGo(block.label.slice(0, 100))}` };
  }
}

/** A bare RSA key, DER. */
export function parsePkcs1(pkcs1: Uint8Array): SshPrivateKeyResult {
  const wire = sshWireOfPkcs1(pkcs1);
  return wire === undefined ? { problem: "malformed PKCS#1 private key" } : withWire(wire, pkcs8OfPkcs1(pkcs1));
}

function parsePkcs8(pkcs8: Uint8Array): SshPrivateKeyResult {
  const fields = new DerReader(pkcs8).enter(TAG.sequence);
  const version = fields?.next(TAG.integer);
  const oid = fields?.enter(TAG.sequence)?.next(TAG.oid);
  const key = fields?.next(TAG.octetString)?.content;
  if (version === undefined || oid === undefined || key === undefined) {
    return { problem: "malformed PKCS#8 private key" };
  }
  const algorithm = encodeHex(oid.content);
  if (algorithm === RSA_OID) return parsePkcs1(key);
  if (algorithm !== ED25519_OID) return { unsupported: "PRIVATE KEY of another kind" };
  const seed = new DerReader(key).next(TAG.octetString)?.content;
  if (seed?.length !== 32) return { problem: "malformed PKCS#8 private key" };
  return withWire(sshFields("ssh-ed25519", primitives.ed25519PublicKey(seed)), seed);
}

function withWire(wire: Uint8Array, secret: SshSecret): SshPrivateKeyResult {
  const publicKey = parseSshPublicKey(wire);
  return "type" in publicKey ? { publicKey, secret } : publicKey;
}
