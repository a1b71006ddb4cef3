import {
  type Compared,
  clusterName,
  compareSecrets,
  type DigestedSecret,
  digestSecrets,
  listSealingKeys,
  type RecordedBackup,
  recordedBackup,
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
}

/** What was read of a live cluster. */
export interface Live {
  readonly secrets: readonly DigestedSecret[];
  /** Fingerprints of its sealing keys. */
  readonly keys: readonly string[];
  readonly cluster: string;
  /** What its controller tells of its own backups. */
  readonly recorded: RecordedBackup | undefined;
}

/** Reads a live cluster with the rights of whoever asks. Of each value only a digest is kept. @throws {KubeError} */
export async function readLive(client: KubeClient, options: LiveOptions): Promise<Live> {
  const { namespace, controllerName, prefix, runKey } = options;
  const { items } = await client.list<KubeObject>(SECRETS);
  const keys = await listSealingKeys(client, { namespace, prefix });
  const { cluster } = await clusterName(client, { namespace, name: controllerName });
  return {
    secrets: digestSecrets(items, runKey, prefix),
    keys: keys.flatMap(({ fingerprint }) => fingerprint ?? []),
    cluster,
    recorded: await recordedBackup(client, namespace),
  };
}

/** The rehearsal beside the live cluster. `heldKeys` are fingerprints of the sealing keys in the backup. */
export function compareWithLive(
  rehearsed: readonly DigestedSecret[],
  { secrets, keys, cluster }: Live,
  heldKeys: readonly string[],
): Compared {
  const missingKeys = keys.filter((fingerprint) => !heldKeys.includes(fingerprint));
  return { ...compareSecrets(rehearsed, secrets), cluster, missingKeys };
}
