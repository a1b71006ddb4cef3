import type { KubeClient } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import { createSealingKey } from "../../x509/index.ts";
import { SECRETS } from "../resources.ts";
import { DEFAULT_KEY_PREFIX, keySecret } from "./key-secret.ts";
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
  const created = await client.create<KubeObject>(SECRETS, keySecret(key, { namespace, prefix }));
  const { fingerprint, notAfter } = key.certificate;
  return { name: created.metadata.name ?? "", fingerprint, notAfter };
}
