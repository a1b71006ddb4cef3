import type { KubeClient } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import { Keyring } from "../../sealed/index.ts";
import { SecretsError, verifySealed } from "../../secrets/index.ts";
import { SEALED_SECRETS, SEALED_SECRETS_TYPE } from "../resources.ts";
import { type SealingKeyInfo, unsealingKeys } from "./sealing-keys.ts";

export interface Need {
  /** Fingerprint to the number of SealedSecrets of the cluster with an item that this key opens. */
  readonly byKey: ReadonlyMap<string, number>;
  /** SealedSecrets that no active key opens. */
  readonly unopened: number;
}

/**
 * Counts which SealedSecrets of a cluster need which key, by opening them: nothing in a ciphertext names its key. Takes
 * some milliseconds of private-key work an object. No clear text leaves this function.
 *
 * @param onObject called after each object with the number of those done and of all.
 * @throws {KubeError}
 */
export async function countNeed(
  client: KubeClient,
  keys: readonly SealingKeyInfo[],
  onObject: (done: number, all: number) => void = () => undefined,
): Promise<Need> {
  const isServed = (await client.resourceFor("bitnami.com/v1alpha1", "SealedSecret")) !== undefined;
  const { items } = isServed ? await client.list<KubeObject>(SEALED_SECRETS) : { items: [] };
  const keyring = new Keyring(unsealingKeys(keys));
  const byKey = new Map<string, number>();
  let unopened = 0;
  for (const [at, object] of items.entries()) {
    try {
      const openedBy = await verifySealed({ ...object, ...SEALED_SECRETS_TYPE }, keyring, { acceptLegacyData: true });
      for (const key of new Set(openedBy.values())) byKey.set(key, (byKey.get(key) ?? 0) + 1);
    } catch (cause) {
      if (!(cause instanceof SecretsError)) throw cause;
      unopened++;
    }
    onObject(at + 1, items.length);
  }
  return { byKey, unopened };
}
