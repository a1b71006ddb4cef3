import { encodeBase64 } from "../bytes/base64.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import type { KubeClient } from "../kube/index.ts";
import type { KubeObject } from "../objects/index.ts";
import { createSealingKey } from "../x509/index.ts";
import { DEFAULT_KEY_PREFIX, KEY_LABEL } from "./key-secret.ts";
import { SECRETS } from "./resources.ts";
import { type KeyPlace, listSealingKeys } from "./sealing-keys.ts";

export interface RenewOptions extends KeyPlace {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly bits?: number | undefined;
  readonly lifetimeMs: number;
  readonly commonName?: string | undefined;
}

export interface RenewedKey {
  readonly name: string;
  readonly fingerprint: string;
  readonly notAfter: number;
}

/**
 * Adds a new sealing key to a cluster, in the Secret that the controller itself would write. Older keys stay: they go on
 * opening what was sealed for them.
 *
 * @throws {KubeError}
 */
export async function renewSealingKey(client: KubeClient, options: RenewOptions): Promise<RenewedKey> {
  const { namespace, prefix = DEFAULT_KEY_PREFIX, now, lifetimeMs, bits, commonName } = options;
  // A key counts as newer by its certificate's first second: never the same as that of the key that it follows, which
  // another clock may have made.
  const [newest] = await listSealingKeys(client, { namespace, prefix });
  const after = newest?.status === "newest" ? (newest.notBefore ?? 0) + 1000 : 0;
  const key = await createSealingKey({
    now: Math.max(now, after),
    lifetimeMs,
    ...(bits === undefined ? {} : { bits }),
    ...(commonName === undefined ? {} : { commonName }),
  });
  const created = await client.create<KubeObject>(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { generateName: prefix, namespace, labels: { [KEY_LABEL]: "active" } },
    type: "kubernetes.io/tls",
    data: {
      "tls.crt": encodeBase64(encodeUtf8(key.certificatePem)),
      "tls.key": encodeBase64(encodeUtf8(key.privateKeyPem)),
    },
  });
  const { fingerprint, notAfter } = key.certificate;
  return { name: created.metadata.name ?? "", fingerprint, notAfter };
}
