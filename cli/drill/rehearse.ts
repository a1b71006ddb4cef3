import { kustomizationFamily } from "../../controller/kustomization/set-up.ts";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import {
  type Backup,
  carryOutRestore,
  type DigestedSecret,
  digestSecrets,
  planRestore,
  type Rehearsed,
  sealingKeysOf,
} from "../../src/keys/index.ts";
import type { ApiResource, KubeClient } from "../../src/kube/index.ts";
import { type KubeObject, listAt } from "../../src/objects/index.ts";
import type { KeyServices } from "../../src/sops/index.ts";
import { CONTROLLER_NAMESPACE, SYNC_NAMESPACE, startWholeCluster } from "../sandbox/whole-cluster.ts";
import { bringIn, DRILL_NAME, SECRETS } from "./bring-in.ts";
import { lookAround } from "./look-around.ts";
import type { RepositorySource } from "./repository.ts";
import { untilSettled } from "./settle.ts";
import { defineMissingKinds } from "./stand-in-kinds.ts";
import { standInSource } from "./stand-in-source.ts";

const NAMESPACES: ApiResource = {
  group: "",
  version: "v1",
  plural: "namespaces",
  kind: "Namespace",
  namespaced: false,
};

export interface RehearseOptions {
  /** Paths of the repository to sync, each as a Kustomization. */
  readonly paths: readonly string[];
  readonly namespaces: readonly string[];
  /** What stands in for sources that are no GitRepositories, by `KIND/NAMESPACE/NAME`. */
  readonly folders: ReadonlyMap<string, RepositorySource>;
  readonly prefix: string;
  /** Key services that may be asked, with the rights of whoever rehearses; undefined for none. */
  readonly keyServices?: KeyServices | undefined;
  /** Under which Secrets are digested. */
  readonly runKey: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** How many objects the controllers have a verdict on, of how many that are there by now. */
  readonly onStep: (done: number, all: number) => void;
}

export interface Rehearsal {
  readonly rehearsed: Rehearsed;
  readonly secrets: readonly DigestedSecret[];
  /** Those of `folders` that something synced from. */
  readonly askedFor: ReadonlySet<string>;
}

/**
 * The whole way back, in a cluster that is in memory of this process and on loopback: an empty cluster, the backup
 * restored into it, our controllers, the repository synced. Secrets leave it only as digests.
 */
export async function rehearse(
  backup: Backup,
  sources: readonly RepositorySource[],
  options: RehearseOptions,
): Promise<Rehearsal> {
  const { paths, namespaces, folders, prefix, keyServices, runKey, timeoutMs, signal, onStep } = options;
  const standIn = standInSource(sources, folders);
  // The keys are those of the backup: one that the rehearsal made itself would prove nothing.
  const settings = { keyPrefix: prefix, generateKeys: false, keyRenewPeriodMs: 0 };
  let restored = 0;
  const standInKinds = new Set<string>();
  const cluster = await startWholeCluster({
    settings,
    // Loopback is open to everyone on this machine, and the keys are those of a cluster that is in use.
    listens: false,
    families: [
      sealedSecretFamily(settings),
      standIn.family,
      kustomizationFamily(
        { requeueDependencyMs: 1000, sopsKeyServices: keyServices },
        standIn.readArtifact,
        standIn.otherSources,
      ),
    ],
    prepare: async (client) => {
      await makeNamespaces(client, namespaces);
      for (const source of [...sources, ...folders.values()]) {
        const { tree } = await source.tree(undefined);
        for (const kind of await defineMissingKinds(client, tree)) standInKinds.add(kind);
      }
      const { secrets, sealedSecrets } = backup;
      const plan = await planRestore(client, secrets, { namespace: CONTROLLER_NAMESPACE, prefix, sealedSecrets });
      await carryOutRestore(client, plan, ({ action }) => {
        if (["create", "rename", "complete"].includes(action)) restored++;
      });
    },
  });
  try {
    const { client } = cluster;
    await bringIn(client, backup, { paths, decrypts: keyServices !== undefined });
    const { kustomizations, sealedSecrets, problems } = await untilSettled(client, {
      timeoutMs,
      signal,
      onStep,
    });
    const { items } = await client.list<KubeObject>(SECRETS);
    const secrets = digestSecrets(items.filter(isResult), runKey, prefix);
    const used = new Set(sealedSecrets.flatMap((sealed) => listAt(sealed, "status", "openedBy").filter(isText)));
    const fingerprints = sealingKeysOf(backup.secrets, prefix).flatMap(({ fingerprint }) => fingerprint ?? []);
    return {
      rehearsed: {
        restored,
        kustomizations: kustomizations.length,
        sealedSecrets: sealedSecrets.length,
        secrets: secrets.length,
        values: secrets.reduce((sum, { items: values }) => sum + values.size, 0),
        usedKeys: fingerprints.filter((fingerprint) => used.has(fingerprint)),
        unusedKeys: fingerprints.filter((fingerprint) => !used.has(fingerprint)),
        problems,
        standInKinds: [...standInKinds].sort(),
        asksKeyServices: keyServices !== undefined,
        ...(await lookAround(client, new Set(folders.keys()))),
      },
      secrets,
      askedFor: standIn.askedFor,
    };
  } finally {
    await cluster.close();
  }
}

function isResult({ metadata }: KubeObject): boolean {
  return !(metadata.namespace === SYNC_NAMESPACE && metadata.name === DRILL_NAME);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

async function makeNamespaces(client: KubeClient, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if ((await client.get(NAMESPACES, { name })) === undefined) {
      await client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
  }
}
