import { GIT_REPOSITORIES, KUSTOMIZATIONS } from "../../controller/api/index.ts";
import type { Backup } from "../../src/keys/index.ts";
import { isKeySecret } from "../../src/keys/index.ts";
import type { ApiResource, KubeClient } from "../../src/kube/index.ts";
import { isRecord, type KubeObject } from "../../src/objects/index.ts";
import { SYNC_NAMESPACE } from "../sandbox/whole-cluster.ts";
import { DRILL_URL } from "./stand-in-source.ts";

export const SECRETS: ApiResource = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };

/** Name of everything that a drill itself puts into the cluster of the rehearsal. */
export const DRILL_NAME = "sealkit-drill";

/** Entries of Secrets that Kustomizations decrypt with. */
const DECRYPTION_ENTRY = /\.(agekey|asc)$/;

/**
 * Has the repository synced: a source, and a Kustomization for each path, with every decryption key of the backup, and
 * with `decrypts` also where the backup has none.
 */
export async function bringIn(
  client: KubeClient,
  backup: Backup,
  { paths, decrypts: asksServices }: { readonly paths: readonly string[]; readonly decrypts: boolean },
): Promise<void> {
  const metadata = { name: DRILL_NAME, namespace: SYNC_NAMESPACE };
  const data = decryptionData(backup);
  const hasKeys = Object.keys(data).length > 0;
  if (hasKeys) await client.create(SECRETS, { apiVersion: "v1", kind: "Secret", metadata, data });
  await client.create(GIT_REPOSITORIES, {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata,
    spec: { url: DRILL_URL, interval: "24h" },
  });
  for (const [at, path] of paths.entries()) {
    await client.create(KUSTOMIZATIONS, {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { ...metadata, name: at === 0 ? DRILL_NAME : `${DRILL_NAME}-${at + 1}` },
      spec: {
        sourceRef: { kind: "GitRepository", name: DRILL_NAME },
        path,
        prune: false,
        interval: "24h",
        ...(hasKeys || asksServices
          ? { decryption: { provider: "sops", ...(hasKeys ? { secretRef: { name: DRILL_NAME } } : {}) } }
          : {}),
      },
    });
  }
}

/** Every age and PGP key of the backup's decryption Secrets, each under a name of its own. */
function decryptionData({ secrets }: Backup): Record<string, unknown> {
  const entries = secrets
    .filter((secret) => !isKeySecret(secret))
    .flatMap((secret) => entriesOf(secret).filter(([entry]) => DECRYPTION_ENTRY.test(entry)));
  return Object.fromEntries(entries.map(([entry, value], at) => [`${at}-${entry}`, value]));
}

function entriesOf({ data }: KubeObject): [string, unknown][] {
  return isRecord(data) ? Object.entries(data) : [];
}
