import { decodeBase64Go } from "../bytes/base64.ts";
import type { KubeObject } from "../objects/index.ts";
import { readCertificate, readPrivateKey, type SealingCertificate } from "../x509/index.ts";
import { KeysError } from "./errors.ts";

/** Label by which a Secret is a sealing key. Only the value `active` counts; any other retires the key. */
export const KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";

/** Name that all sealing keys begin with, and the whole name of a key from before keys had a label. */
export const DEFAULT_KEY_PREFIX = "sealed-secrets-key";

/** What a key Secret holds, read. */
export interface KeyPair {
  readonly certificate: SealingCertificate;
  readonly certificatePem: string;
  /** Those of the private key: the certificate is public, and whoever puts it beside another key does not hold its own. */
  readonly fingerprint: string;
  readonly bits: number;
  /** PKCS#8, DER. Secret. */
  readonly pkcs8: Uint8Array;
}

/**
 * Certificate and private key of a key Secret.
 *
 * @throws {KeysError} `KEYS_SECRET_UNUSABLE`; {X509Error}
 */
export function readKeySecret(secret: KubeObject): KeyPair {
  const certificatePem = itemText(secret, "tls.crt");
  const certificate = readCertificate(certificatePem);
  const { fingerprint, bits, pkcs8 } = readPrivateKey(itemText(secret, "tls.key"));
  return { certificate, certificatePem, fingerprint, bits, pkcs8 };
}

/** Whether a Secret is a sealing key, in use or retired: by its label, or by the name that keys had before. */
export function isKeySecret({ metadata }: KubeObject, prefix: string): boolean {
  return metadata.labels?.[KEY_LABEL] !== undefined || metadata.name === prefix;
}

/** Whether the controller reads this key Secret. */
export function isActive({ metadata }: KubeObject, prefix: string): boolean {
  return metadata.labels?.[KEY_LABEL] === "active" || metadata.name === prefix;
}

function itemText(secret: KubeObject, name: string): string {
  const value = secretItems(secret).get(name);
  const bytes = value === undefined ? undefined : decodeBase64Go(value).bytes;
  if (bytes !== undefined && bytes.length > 0) return new TextDecoder().decode(bytes);
  const { namespace = "", name: secretName = "" } = secret.metadata;
  throw new KeysError("KEYS_SECRET_UNUSABLE", `Cannot read sealing key ${namespace}/${secretName}: it has no ${name}`);
}

/** The items of a Secret in base64, by name. */
export function secretItems(secret: KubeObject): ReadonlyMap<string, string> {
  const { data } = secret;
  const entries = typeof data === "object" && data !== null ? Object.entries(data) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
