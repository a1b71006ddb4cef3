import {
  type Compared,
  clusterName,
  compareSecrets,
  type DigestedSecret,
  digestSecrets,
  listSealingKeys,
} from "../../src/keys/index.ts";
import type { KubeClient } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { SECRETS } from "./bring-in.ts";

export interface LiveOptions {
  /** Where the live controller keeps its keys. */
  readonly namespace: string;
  readonly controllerName: string;
  readonly prefix: string;
  readonly runKey: Uint8Array;
  /** Fingerprints of the sealing keys in the backup. */
  readonly heldKeys: ReadonlySet<string>;
}

/**
 * Reads the Secrets of a live cluster, with the rights of whoever asks, and compares them with those of the rehearsal.
 * Of each value only a digest is kept.
 *
 * @throws {KubeError}
 */
export async function compareWithLive(
  client: KubeClient,
  rehearsed: readonly DigestedSecret[],
  { namespace, controllerName, prefix, runKey, heldKeys }: LiveOptions,
): Promise<Compared> {
  const { items } = await client.list<KubeObject>(SECRETS);
  const live = digestSecrets(items, runKey, prefix);
  const keys = await listSealingKeys(client, { namespace, prefix });
  const { cluster } = await clusterName(client, { namespace, name: controllerName });
  return {
    ...compareSecrets(rehearsed, live),
    cluster,
    missingKeys: keys.flatMap(({ fingerprint }) =>
      fingerprint === undefined || heldKeys.has(fingerprint) ? [] : [fingerprint],
    ),
  };
}
