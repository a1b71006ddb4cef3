import { DerReader, der, derInteger, derOid, TAG } from "../bytes/der.ts";
import { equalBytes } from "../bytes/equal.ts";
import { decodePem } from "../bytes/pem.ts";
import { X509Error } from "./errors.ts";
import { encodeSpki, fingerprint, RSA_ALGORITHM, RSA_ENCRYPTION, readRsaNumbers, rsaBits } from "./rsa-key.ts";

/** An RSA private key with what is public of it. */
export interface RsaPrivateKey {
  /** PrivateKeyInfo (PKCS#8), DER. Secret. */
  readonly pkcs8: Uint8Array;
  /** SubjectPublicKeyInfo of the key, DER. */
  readonly spki: Uint8Array;
  /** `SHA256:…` as `ssh-keygen -l` prints it. Public. */
  readonly fingerprint: string;
  readonly bits: number;
}

/**
 * The first private key of a PEM text: PKCS#1 (`RSA PRIVATE KEY`) or unencrypted PKCS#8 (`PRIVATE KEY`). Blocks of other
 * kinds before it are passed over.
 *
 * @throws {X509Error} `X509_NO_PRIVATE_KEY`, also for encrypted keys; `X509_PRIVATE_KEY_NOT_RSA`
 */
export function readPrivateKey(pem: string): RsaPrivateKey {
  let encrypted = false;
  for (const { label, bytes, hasHeaders } of decodePem(pem)) {
    if (label === "ENCRYPTED PRIVATE KEY" || (label.endsWith("PRIVATE KEY") && hasHeaders)) encrypted = true;
    else if (label === "EC PRIVATE KEY") throw notRsa();
    else if (label === "RSA PRIVATE KEY" || label === "PRIVATE KEY") {
      const key = label === "PRIVATE KEY" ? fromPkcs8(bytes) : fromPkcs1(bytes);
      if (key === "other") throw notRsa();
      if (key !== undefined) return key;
    }
  }
  throw new X509Error("X509_NO_PRIVATE_KEY", "Cannot read private key: there is none in a form that can be used", {
    original: "data does not contain a valid RSA or ECDSA private key",
    details: encrypted ? ["the key is encrypted with a passphrase"] : [],
    hints: encrypted ? ["decrypt it first: openssl pkey -in key.pem -out plain.pem"] : [],
  });
}

function notRsa(): X509Error {
  return new X509Error("X509_PRIVATE_KEY_NOT_RSA", "Cannot use private key: it is not an RSA key", {
    original: "private key is not an RSA key",
  });
}

function fromPkcs8(bytes: Uint8Array): RsaPrivateKey | "other" | undefined {
  const info = new DerReader(bytes).enter(TAG.sequence);
  const version = info?.next(TAG.integer);
  const algorithm = info?.enter(TAG.sequence)?.next(TAG.oid);
  const key = info?.next(TAG.octetString);
  if (version === undefined || algorithm === undefined || key === undefined) return undefined;
  return equalBytes(algorithm.whole, derOid(RSA_ENCRYPTION)) ? fromPkcs1(key.content) : "other";
}

/** RSAPrivateKey of RFC 8017 §A.1.2: version, modulus, public exponent, and six secret numbers. */
function fromPkcs1(bytes: Uint8Array): RsaPrivateKey | undefined {
  const outer = new DerReader(bytes);
  const key = outer.enter(TAG.sequence);
  const version = key?.next(TAG.integer);
  const numbers = key === undefined ? undefined : readRsaNumbers(key);
  if (key === undefined || version === undefined || numbers === undefined || !outer.atEnd) return undefined;
  for (let secret = 0; secret < 6; secret++) if (key.next(TAG.integer) === undefined) return undefined;
  const pkcs8 = der(TAG.sequence, derInteger(Uint8Array.of(0)), RSA_ALGORITHM, der(TAG.octetString, bytes));
  return { pkcs8, spki: encodeSpki(numbers), fingerprint: fingerprint(numbers), bits: rsaBits(numbers) };
}
