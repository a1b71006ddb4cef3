import { primitives } from "#primitives";
import { decodeBase64Go } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import type { KubeObject } from "../../objects/index.ts";
import { isKeySecret, secretItems } from "../sealing/key-secret.ts";

/** A Secret of which only keyed digests are left. Without the key of the run they say nothing of the values. */
export interface DigestedSecret {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  /** HMAC-SHA256 in hex of each item's value, under the key of the run, bound to the Secret's and the item's name. */
  readonly items: ReadonlyMap<string, string>;
  /** Whether marks on it say that something in Git, or a backup, brings it. */
  readonly isManaged: boolean;
  /** `namespace/name` of the release of Helm that made it; undefined for any other. */
  readonly release: string | undefined;
}

/** Bytes of the key of a run. */
export const RUN_KEY_BYTES = 32;

/** Secrets that every cluster makes for itself, and that nobody would bring back. */
const OF_THE_CLUSTER = [
  "kubernetes.io/service-account-token",
  "bootstrap.kubernetes.io/token",
  "helm.sh/release.v1",
] as const;

/**
 * Keyed digests of Secrets, so that two clusters can be compared while no value is kept. Sealing keys are left out: they
 * are compared by their fingerprints; so are the Secrets that a cluster makes for itself.
 *
 * @param key `RUN_KEY_BYTES` random bytes, new in each run and forgotten after it.
 */
export function digestSecrets(secrets: Iterable<KubeObject>, key: Uint8Array, prefix?: string): DigestedSecret[] {
  if (key.length !== RUN_KEY_BYTES) throw new RangeError(`"key" expected ${RUN_KEY_BYTES} bytes, got ${key.length}`);
  const digested: DigestedSecret[] = [];
  for (const secret of secrets) {
    const type = typeof secret["type"] === "string" ? secret["type"] : "Opaque";
    if (isKeySecret(secret, prefix) || OF_THE_CLUSTER.some((other) => other === type)) continue;
    digested.push(digestOf(secret, type, key));
  }
  return digested;
}

function digestOf(secret: KubeObject, type: string, key: Uint8Array): DigestedSecret {
  const { namespace = "", name = "" } = secret.metadata;
  const items = new Map<string, string>();
  for (const [item, value] of secretItems(secret)) {
    const place = encodeUtf8(`${namespace}\0${name}\0${item}\0`);
    const bytes = decodeBase64Go(value).bytes ?? encodeUtf8(value);
    items.set(item, encodeHex(primitives.hmacSha256(key, place, bytes)));
  }
  return { namespace, name, type, items, isManaged: isManaged(secret), release: releaseOf(secret) };
}

/** Marks that tools leave on what they bring. Source: labels of Flux, owners that the Sealed Secrets controllers set. */
function isManaged({ metadata }: KubeObject): boolean {
  const isSynced = metadata.labels?.["kustomize.toolkit.fluxcd.io/name"] !== undefined;
  return isSynced || (metadata.ownerReferences ?? []).some(({ kind }) => kind === "SealedSecret");
}

/** Source: marks that Helm, and Flux's controller for it, leave on what they make. */
function releaseOf({ metadata }: KubeObject): string | undefined {
  const { labels = {}, annotations = {} } = metadata;
  const name = annotations["meta.helm.sh/release-name"] ?? labels["helm.toolkit.fluxcd.io/name"];
  const namespace = annotations["meta.helm.sh/release-namespace"] ?? labels["helm.toolkit.fluxcd.io/namespace"];
  return name === undefined ? undefined : `${namespace ?? metadata.namespace ?? ""}/${name}`;
}
