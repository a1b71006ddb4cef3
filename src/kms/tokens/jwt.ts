import { createPrivateKey, type KeyObject, sign } from "node:crypto";

/** The private key of a PEM text, when it is an RSA key of a strength that services take; undefined for all else. */
export function rsaPrivateKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return key.asymmetricKeyType === "rsa" && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS ? key : undefined;
  } catch {
    return undefined;
  }
}

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 16_384;

/**
 * A signed statement (RFC 7519) in compact form, RSA PKCS #1 with SHA-256.
 *
 * @param header Besides `alg` and `typ`: which key it is.
 */
export function signJwt(
  header: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, string | number>>,
  key: KeyObject,
): string {
  const statement = `${encoded({ alg: "RS256", typ: "JWT", ...header })}.${encoded(claims)}`;
  return `${statement}.${sign("sha256", Buffer.from(statement), key).toString("base64url")}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
