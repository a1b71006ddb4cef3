import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

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
 * Reads a certificate and its RSA key out of one PEM text, in any order.
 *
 * @param passphrase Of the key, when it is encrypted.
 * @returns both, or one clause saying why not; nothing of the text is in it
 */
export function readClientCertificate(text: string, passphrase: string | undefined): ClientCertificate | string {
  if (!text.includes("-----BEGIN"))
    return "it is no PEM (PFX and PKCS #12 files are not supported: convert it with openssl)";
  const key = privateKeyOf(text, passphrase);
  if (key === undefined) return "it has no RSA private key that can be read";
  const certificates: X509Certificate[] = [];
  for (const [pem] of text.matchAll(/-----BEGIN CERTIFICATE-----[^-]{1,20000}-----END CERTIFICATE-----/g)) {
    if (certificates.length >= MAX_CERTIFICATES) return `it has more than ${MAX_CERTIFICATES} certificates`;
    const certificate = certificateOf(pem);
    if (certificate === undefined) return "a certificate in it cannot be read";
    certificates.push(certificate);
  }
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (own === undefined) return "none of its certificates belongs to its key";
  const chain = [own, ...certificates.filter((certificate) => certificate !== own)];
  return {
    privateKey: key,
    thumbprint: createHash("sha256").update(own.raw).digest("base64url"),
    chain: chain.map(({ raw }) => raw.toString("base64")),
  };
}

function privateKeyOf(text: string, passphrase: string | undefined): KeyObject | undefined {
  const [pem] =
    /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]{1,20000}?-----END [A-Z ]{0,20}PRIVATE KEY-----/.exec(text) ?? [];
  if (pem === undefined) return undefined;
  try {
    const key = createPrivateKey(passphrase === undefined ? { key: pem } : { key: pem, passphrase });
    return key.asymmetricKeyType === "rsa" ? key : undefined;
  } catch {
    return undefined;
  }
}

function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
