import { ToolkitError } from "../../errors.ts";
import type { KubeClient } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import type { UnsealingKey } from "../../sealed/index.ts";
import { SECRETS } from "../resources.ts";
import {
  COMPROMISED_LABEL,
  DEFAULT_KEY_PREFIX,
  isActiveKey,
  isKeySecret,
  KEY_LABEL,
  type KeyPair,
  readKeySecret,
} from "./key-secret.ts";
import { byAge, type Orderable } from "./order.ts";

/** Where the sealing keys of a controller are. */
export interface KeyPlace {
  readonly namespace: string;
  readonly prefix?: string | undefined;
}

/**
 * `newest` seals and opens, `active` opens; `retired` and `compromised` are not read by the controller; `unreadable` is no
 * RSA key pair.
 */
export type KeyStatus = "newest" | "active" | "retired" | "compromised" | "unreadable";

/** A sealing key of a cluster. Times in milliseconds since the epoch. */
export interface SealingKeyInfo {
  readonly name: string;
  readonly namespace: string;
  readonly status: KeyStatus;
  /** `SHA256:…`; public. Undefined for an unreadable key. */
  readonly fingerprint: string | undefined;
  readonly bits: number | undefined;
  readonly createdAt: number | undefined;
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /** Why it is unreadable, or why nothing should be sealed with it. */
  readonly problem: string | undefined;
  /** The Secret itself, with the private key. */
  readonly secret: KubeObject;
  readonly pair: KeyPair | undefined;
}

/**
 * The sealing keys of a cluster, newest first by the start of their certificates' validity; retired and unreadable ones
 * at the end.
 *
 * @throws {KubeError}
 */
export async function listSealingKeys(client: KubeClient, place: KeyPlace): Promise<SealingKeyInfo[]> {
  const { namespace, prefix = DEFAULT_KEY_PREFIX } = place;
  const { items } = await client.list<KubeObject>(SECRETS, { namespace, labelSelector: KEY_LABEL });
  const unlabelled = await client.get<KubeObject>(SECRETS, { namespace, name: prefix });
  const secrets = items.some(({ metadata }) => metadata.name === prefix) ? items : [...items, unlabelled];
  const keys = secrets.filter((secret) => secret !== undefined).map((secret) => describe(secret, prefix));
  return ranked(keys);
}

/** Keys of a set of Secrets; what is no sealing key is left out. */
export function sealingKeysOf(secrets: readonly KubeObject[], prefix: string = DEFAULT_KEY_PREFIX): SealingKeyInfo[] {
  return ranked(secrets.filter((secret) => isKeySecret(secret, prefix)).map((secret) => describe(secret, prefix)));
}

/** The keys that the controller opens with, for a keyring. */
export function unsealingKeys(keys: readonly SealingKeyInfo[]): UnsealingKey[] {
  return allKeys(keys.filter(({ status }) => status === "newest" || status === "active"));
}

/** Every key that can be read, those that are retired or compromised too: what the controller leaves closed, they open. */
export function allKeys(keys: readonly SealingKeyInfo[]): UnsealingKey[] {
  return keys.flatMap(({ pair }) => {
    if (pair === undefined) return [];
    const { fingerprint, bits, pkcs8, certificate } = pair;
    return [{ fingerprint, bits, pkcs8, notBefore: certificate.notBefore }];
  });
}

function describe(secret: KubeObject, prefix: string): SealingKeyInfo {
  const { name = "", namespace = "", creationTimestamp } = secret.metadata;
  const created = Date.parse(creationTimestamp ?? "");
  const createdAt = Number.isNaN(created) ? undefined : created;
  const base = { name, namespace, createdAt, secret };
  try {
    const pair = readKeySecret(secret);
    const { fingerprint, bits } = pair;
    const { notBefore, notAfter } = pair.certificate;
    const status = isActiveKey(secret, prefix) ? "active" : isCompromised(secret) ? "compromised" : "retired";
    const problem = fingerprint === pair.certificate.fingerprint ? undefined : "its certificate is of another key";
    return { ...base, status, fingerprint, bits, notBefore, notAfter, problem, pair };
  } catch (cause) {
    if (!(cause instanceof ToolkitError)) throw cause;
    const unknown = { fingerprint: undefined, bits: undefined, notBefore: undefined, notAfter: undefined };
    return { ...base, ...unknown, status: "unreadable", problem: cause.message, pair: undefined };
  }
}

function isCompromised({ metadata }: KubeObject): boolean {
  return metadata.labels?.[KEY_LABEL] === COMPROMISED_LABEL;
}

const RANK: Readonly<Record<KeyStatus, number>> = {
  newest: 0,
  active: 0,
  retired: 1,
  compromised: 1,
  unreadable: 2,
};

function ranked(keys: readonly SealingKeyInfo[]): SealingKeyInfo[] {
  const sorted = keys.toSorted(
    (a, b) => RANK[a.status] - RANK[b.status] || byAge(timesOf(a), timesOf(b), "CertNotBefore"),
  );
  return sorted.map((key, at) => (at === 0 && key.status === "active" ? { ...key, status: "newest" } : key));
}

function timesOf({ name, notBefore, createdAt }: SealingKeyInfo): Orderable {
  // What has no such time yet, as in a plan, will be made after all that is there.
  return { secretName: name, notBeforeMs: notBefore ?? 0, createdAtMs: createdAt ?? Number.POSITIVE_INFINITY };
}
