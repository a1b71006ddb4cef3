import { decodeBase64Go, encodeBase64 } from "../../bytes/base64.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import type { KubeObject } from "../../objects/index.ts";
import { readCertificate, readPrivateKey, type SealingCertificate } from "../../x509/index.ts";
import { KeysError } from "../errors.ts";

/** Label by which a Secret is a sealing key. Only the value `active` counts; any other retires the key. */
export const KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";

const ACTIVE = "active";
/** Label values of keys that the controller does not read any more. Source: the original's word for the second. */
export const RETIRED_LABEL = "retired";
export const COMPROMISED_LABEL = "compromised";
/** Selects the keys that the controller reads, but for one without a label. */
export const KEY_SELECTOR = `${KEY_LABEL}=${ACTIVE}`;

/** Name that all sealing keys begin with, and the whole name of a key from before keys had a label. */
export const DEFAULT_KEY_PREFIX = "sealed-secrets-key";

/** What a key Secret holds. The private key is a secret. */
export interface KeyPem {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface KeySecretOptions {
  readonly namespace: string;
  /** `generateName`, to which the API adds five characters. */
  readonly prefix: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The Secret that keeps a sealing key. Labels of one's own never hide the one that makes it a key. */
export function keySecret({ certificatePem, privateKeyPem }: KeyPem, options: KeySecretOptions): KubeObject {
  const { namespace, prefix, labels = {}, annotations = {} } = options;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      generateName: prefix,
      namespace,
      labels: { ...labels, [KEY_LABEL]: ACTIVE },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
    },
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(certificatePem), "tls.key": base64(privateKeyPem) },
  };
}

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
 * Certificate and private key of a key Secret, as they stand there.
 *
 * @throws {KeysError} `KEYS_SECRET_UNUSABLE`
 */
export function keyPemOf(secret: KubeObject): KeyPem {
  return { certificatePem: itemText(secret, "tls.crt"), privateKeyPem: itemText(secret, "tls.key") };
}

/**
 * Certificate and private key of a key Secret. Only the first certificate counts, and it is not checked against the key.
 *
 * @throws {KeysError} `KEYS_SECRET_UNUSABLE`; {X509Error}
 */
export function readKeySecret(secret: KubeObject): KeyPair {
  const { certificatePem, privateKeyPem } = keyPemOf(secret);
  const certificate = readCertificate(certificatePem);
  const { fingerprint, bits, pkcs8 } = readPrivateKey(privateKeyPem);
  return { certificate, certificatePem, fingerprint, bits, pkcs8 };
}

/** Whether a Secret is a sealing key, in use or retired: by its label, or by the name that keys had before. */
export function isKeySecret({ metadata }: KubeObject, prefix: string = DEFAULT_KEY_PREFIX): boolean {
  return metadata.labels?.[KEY_LABEL] !== undefined || metadata.name === prefix;
}

/** Whether the controller reads this key Secret: by its label, or without one by the name that keys had before. */
export function isActiveKey({ metadata }: KubeObject, prefix: string): boolean {
  const label = metadata.labels?.[KEY_LABEL];
  return label === ACTIVE || (label === undefined && metadata.name === prefix);
}

const PREFIX_CHARS = 245;

/** What is wrong with a `--key-prefix`, or undefined. The API has to be able to put five characters after it. */
export function prefixProblem(prefix: string): string | undefined {
  if (prefix.length > PREFIX_CHARS) {
    return `name is too long, must be shorter than ${PREFIX_CHARS}, got ${prefix.length}`;
  }
  const bad = /[^a-z0-9-]/u.exec(prefix);
  return bad === null ? undefined : `name contains illegal character ${bad[0]}`;
}

function base64(pem: string): string {
  return encodeBase64(encodeUtf8(pem));
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
