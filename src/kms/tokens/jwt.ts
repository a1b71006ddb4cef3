import { constants, createPrivateKey, type KeyObject, sign } from "node:crypto";

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

/** `RS256`: RSA PKCS #1 v1.5; `PS256`: RSA-PSS, with a salt of 32 bytes. Both with SHA-256 (RFC 7518 §3.3, §3.5). */
export type JwtAlgorithm = "RS256" | "PS256";

/**
 * A signed statement (RFC 7519) in compact form.
 *
 * @param header `alg`, and which key it is.
 */
export function signJwt(
  header: { readonly alg: JwtAlgorithm } & Readonly<Record<string, string | readonly string[]>>,
  claims: Readonly<Record<string, string | number>>,
  key: KeyObject,
): string {
  const statement = `${encoded({ typ: "JWT", ...header })}.${encoded(claims)}`;
  const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;
  const padding = header.alg === "PS256" ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
  const signature = sign("sha256", Buffer.from(statement), { key, padding, saltLength: 32 });
  return `${statement}.${signature.toString("base64url")}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
