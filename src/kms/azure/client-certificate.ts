import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { decodePem } from "../../bytes/pem.ts";
import { decodeUtf8 } from "../../bytes/utf8.ts";
import { obstacleToOpening, readPkcs12 } from "../../pkcs12/index.ts";

/** A certificate that a client proves itself with, and its key. */
export interface ClientCertificate {
  readonly privateKey: KeyObject;
  /** SHA-256 of the certificate, base64url: names it in a statement. */
  readonly thumbprint: string;
  /** The certificate and those behind it, base64 of DER. */
  readonly chain: readonly string[];
}

const MAX_CERTIFICATES = 10;

/**
 * Reads a certificate and its RSA key: both in one PEM text, in any order, or a PKCS #12 file (`.pfx`).
 *
 * @param passphrase Of the key, or of the PKCS #12 file, when there is one.
 * @returns both, or one clause saying why not; nothing of the text is in it
 */
export async function readClientCertificate(
  bytes: Uint8Array,
  passphrase: string | undefined,
): Promise<ClientCertificate | string> {
  const text = decodeUtf8(bytes) ?? "";
  if (text.includes("-----BEGIN")) return fromPem(text, passphrase);
  if (bytes[0] !== DER_SEQUENCE) return "it is neither PEM nor PKCS #12";
  const contents = await readPkcs12(bytes, passphrase);
  if (typeof contents === "string") return `the PKCS #12 file cannot be used: ${contents}`;
  const key = rsaKeyOf({ key: Buffer.from(contents.privateKey), format: "der", type: "pkcs8" });
  return key === undefined ? NO_KEY : joined(key, contents.certificates.map(certificateOf));
}

const DER_SEQUENCE = 0x30;
const NO_KEY = "it has no RSA private key that can be read";

function fromPem(text: string, passphrase: string | undefined): ClientCertificate | string {
  const [pem] =
    /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]{1,20000}?-----END [A-Z ]{0,20}PRIVATE KEY-----/.exec(text) ?? [];
  const [block] = pem === undefined ? [] : decodePem(pem);
  if (pem === undefined || block === undefined) return NO_KEY;
  const obstacle = block.label === "ENCRYPTED PRIVATE KEY" ? obstacleToOpening(block.bytes) : undefined;
  if (obstacle !== undefined) return `its encrypted private key cannot be used: ${obstacle}`;
  const key = rsaKeyOf(passphrase === undefined ? { key: pem } : { key: pem, passphrase });
  if (key === undefined) return NO_KEY;
  const certificates: (X509Certificate | undefined)[] = [];
  for (const [found] of text.matchAll(/-----BEGIN CERTIFICATE-----[^-]{1,20000}-----END CERTIFICATE-----/g)) {
    certificates.push(certificateOf(found));
    if (certificates.length > MAX_CERTIFICATES) break;
  }
  return joined(key, certificates);
}

function joined(key: KeyObject, certificates: readonly (X509Certificate | undefined)[]): ClientCertificate | string {
  if (certificates.length > MAX_CERTIFICATES) return `it has more than ${MAX_CERTIFICATES} certificates`;
  const readable = certificates.filter((certificate) => certificate !== undefined);
  if (readable.length < certificates.length) return "a certificate in it cannot be read";
  const own = readable.find((certificate) => certificate.checkPrivateKey(key));
  if (own === undefined) return "none of its certificates belongs to its key";
  const chain = [own, ...readable.filter((certificate) => certificate !== own)];
  return {
    privateKey: key,
    thumbprint: createHash("sha256").update(own.raw).digest("base64url"),
    chain: chain.map(({ raw }) => raw.toString("base64")),
  };
}

function rsaKeyOf(given: Parameters<typeof createPrivateKey>[0]): KeyObject | undefined {
  try {
    const key = createPrivateKey(given);
    return key.asymmetricKeyType === "rsa" ? key : undefined;
  } catch {
    return undefined;
  }
}

function certificateOf(encoded: string | Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(encoded);
  } catch {
    return undefined;
  }
}
