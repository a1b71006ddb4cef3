import { createHash, createPublicKey, type KeyObject, sign, X509Certificate } from "node:crypto";
import { decodeBase64Go } from "../../../bytes/base64.ts";
import { DerReader, der, derOid, TAG } from "../../../bytes/der.ts";
import { equalBytes } from "../../../bytes/equal.ts";
import { decodePem, encodePem } from "../../../bytes/pem.ts";
import { GoError } from "../../value/go-error.ts";
import { bytesOf, goString } from "../../value/go-string.ts";
import { commonName, readSigner, signedCertificate, toBeSigned } from "./certificate-der.ts";
import { privateKeyPem, type ReadKey, readPrivateKeyPem } from "./private-keys-adapter.ts";

/** What Sprig's certificate functions return: PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** What a new certificate shall say. */
export interface Request {
  readonly name: string;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly Uint8Array[];
  readonly days: bigint;
  readonly isAuthority: boolean;
  /** Seconds since 1970. */
  readonly now: bigint;
  readonly serial: Uint8Array;
}

/** A certificate that its own key signs. @throws {GoError} */
export function selfSigned(key: ReadKey, request: Request): CertificatePair {
  const subject = commonName(request.name);
  return certified(request, key, { key, subject, subjectKeyId: undefined });
}

/** A certificate that an authority signs; what it shall say is looked at once the authority was. @throws {GoError} */
export function signedBy(key: ReadKey, authority: CertificatePair, request: () => Request): CertificatePair {
  const block = decodePem(authority.cert)[0];
  if (block === undefined) throw new GoError("unable to decode certificate");
  const certificate = readX509(block.bytes, "decodedSignerCert");
  const signer = readKey(authority.key);
  const { subject, subjectKeyId } = readSigner(block.bytes);
  const asked = request();
  const issued = () => certified(asked, key, { key: signer, subject, subjectKeyId });
  if (key === "dsa" || signer === "dsa") return issued();
  if (!equalBytes(spkiOf(signer), certificate.publicKey.export({ type: "spki", format: "der" }))) {
    throw new GoError("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey");
  }
  return issued();
}

/** A pair that was made elsewhere, in base64 of PEM: read, and given back as it is. @throws {GoError} */
export function givenPair(certificate: string, key: string): CertificatePair {
  const cert = decodeBase64Go(certificate).bytes;
  if (cert === undefined) throw new GoError("unable to decode base64 certificate");
  const keyBytes = decodeBase64Go(key).bytes;
  if (keyBytes === undefined) throw new GoError("unable to decode base64 private key");
  const block = decodePem(goString(cert))[0];
  if (block === undefined) throw new GoError("unable to decode certificate");
  readX509(block.bytes, "decodedCert");
  readKey(goString(keyBytes));
  return { cert: goString(cert), key: goString(keyBytes) };
}

function readKey(pem: string): ReadKey {
  try {
    return readPrivateKeyPem(pem);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`error parsing private key: ${error.message}`);
    throw error;
  }
}

function readX509(bytes: Uint8Array, name: string): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new GoError(`error parsing certificate: ${name}.Bytes: x509: malformed certificate`);
  }
}

interface Signer {
  readonly key: ReadKey;
  /** Name in DER. */
  readonly subject: Uint8Array;
  readonly subjectKeyId: Uint8Array | undefined;
}

const DAY_NANOSECONDS = 86_400_000_000_000n;

function certified(request: Request, key: ReadKey, signer: Signer): CertificatePair {
  const failed = (state: string) => new GoError(`error creating certificate: ${state}`);
  const { key: signingKey } = signer;
  if (key === "dsa" || signingKey === "dsa")
    throw failed("x509: certificate private key does not implement crypto.Signer");
  const algorithm = algorithmOf(signingKey);
  if (algorithm === undefined) throw failed("x509: only RSA, ECDSA and Ed25519 keys supported");
  const subject = commonName(request.name);
  const spki = spkiOf(key);
  // Go counts in 64 bits of nanoseconds.
  const lifetime = BigInt.asIntN(64, request.days * DAY_NANOSECONDS) / 1_000_000_000n;
  const body = toBeSigned({
    serial: request.serial,
    issuer: signer.subject,
    subject,
    notBefore: Number(request.now),
    notAfter: Number(request.now + lifetime),
    spki,
    isAuthority: request.isAuthority,
    dnsNames: request.dnsNames,
    addresses: request.addresses,
    subjectKeyId: request.isAuthority ? keyIdOf(spki) : undefined,
    authorityKeyId: equalBytes(subject, signer.subject) ? undefined : signer.subjectKeyId,
    algorithm: algorithm.identifier,
  });
  const signature = sign(algorithm.hash, body, signingKey);
  const cert = encodePem("CERTIFICATE", signedCertificate(body, algorithm.identifier, signature));
  return { cert, key: privateKeyPem(key) };
}

function spkiOf(privateKey: KeyObject): Uint8Array {
  return createPublicKey(privateKey).export({ type: "spki", format: "der" });
}

/** SHA-256 of the public key cut to 20 bytes (RFC 7093 §2, method 1), as Go since 1.25. */
function keyIdOf(spki: Uint8Array): Uint8Array {
  const info = new DerReader(spki).enter(TAG.sequence);
  info?.next(TAG.sequence);
  const bits = info?.next(TAG.bitString)?.content.subarray(1) ?? bytesOf("");
  return createHash("sha256").update(bits).digest().subarray(0, 20);
}

const CURVES: Readonly<Record<string, readonly [hash: string, oid: string]>> = {
  secp224r1: ["sha256", "1.2.840.10045.4.3.2"],
  prime256v1: ["sha256", "1.2.840.10045.4.3.2"],
  secp384r1: ["sha384", "1.2.840.10045.4.3.3"],
  secp521r1: ["sha512", "1.2.840.10045.4.3.4"],
};

/** How a key signs: the hash (null where the algorithm has its own), and the AlgorithmIdentifier in DER. */
function algorithmOf(key: KeyObject): { readonly hash: string | null; readonly identifier: Uint8Array } | undefined {
  if (key.asymmetricKeyType === "rsa") {
    const identifier = der(TAG.sequence, derOid("1.2.840.113549.1.1.11"), der(TAG.null));
    return { hash: "sha256", identifier };
  }
  if (key.asymmetricKeyType === "ed25519") return { hash: null, identifier: der(TAG.sequence, derOid("1.3.101.112")) };
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
  return curve === undefined ? undefined : { hash: curve[0], identifier: der(TAG.sequence, derOid(curve[1])) };
}
