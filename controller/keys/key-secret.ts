import { Buffer } from "node:buffer";
import type { KubeObject } from "../../src/objects/index.ts";
import { ControllerError } from "../errors.ts";

/** Label by which a Secret is a sealing key. Only the value `active` counts; any other retires the key. */
const KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";
const ACTIVE = "active";
export const KEY_SELECTOR = `${KEY_LABEL}=${ACTIVE}`;

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

/**
 * Certificate and private key of a key Secret.
 *
 * @throws {ControllerError} `CONTROLLER_KEY_SECRET` when one of them is not there.
 */
export function readKeySecret(secret: KubeObject): KeyPem {
  const data = secret["data"];
  const items = new Map(typeof data === "object" && data !== null ? Object.entries(data) : []);
  const item = (name: string): string => {
    const value: unknown = items.get(name);
    if (typeof value === "string" && value !== "") return Buffer.from(value, "base64").toString("utf8");
    throw new ControllerError("CONTROLLER_KEY_SECRET", `Cannot read the key Secret: it has no item "${name}"`);
  };
  return { certificatePem: item("tls.crt"), privateKeyPem: item("tls.key") };
}

export function isActive(secret: KubeObject): boolean {
  return secret.metadata.labels?.[KEY_LABEL] === ACTIVE && secret.metadata.deletionTimestamp === undefined;
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
  return Buffer.from(pem, "utf8").toString("base64");
}
