import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { MakeStage } from "../../cli/demo/stage.ts";
import { runControllers, SYNC_NAMESPACE } from "../../cli/sandbox/whole-cluster.ts";
import { sourceFamily } from "../../controller/gitrepository/set-up.ts";
import { kustomizationFamily } from "../../controller/kustomization/set-up.ts";
import { createKubeClient, type KubeClient } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { startCluster } from "./cluster.ts";
import { buildSealkit, startController } from "./controller.ts";
import { prepareCluster, publishController } from "./upstream.ts";

const DEPLOYMENTS = { group: "apps", version: "v1", plural: "deployments", kind: "Deployment", namespaced: true };

/**
 * Stages of the demo on a real kube-apiserver with etcd. As in the shipped manifests the sealing keys live in a process
 * of their own; sources and Kustomizations run here. Each stage is a new cluster with an empty etcd.
 */
export function clusterStages(folder: string): MakeStage {
  return async () => {
    await buildSealkit();
    const cluster = await startCluster({ namespaceOfOwn: true, controllerManager: true });
    await prepareCluster(cluster);
    await cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: SYNC_NAMESPACE } }));
    const secrets = await startController(cluster);
    await publishController(cluster, secrets.port);
    const authorize = async () => ({ authorization: `Bearer ${cluster.adminToken}` });
    const client = createKubeClient({ server: cluster.url, ca: cluster.ca, authorize }, { userAgent: "sealkit-demo" });
    const storagePath = join(mkdtempSync(join(folder, "artifacts-")), "artifacts");
    const families = [sourceFamily({ storagePath, storageAddress: "127.0.0.1:0" }), kustomizationFamily()];
    const sync = await runControllers(client, { families });
    const stopPretending = pretendReady(client);
    return {
      kubeconfig: cluster.kubeconfig,
      client,
      async destroy() {
        stopPretending();
        await sync.stop();
        await client.close();
        await cluster.stop();
      },
    };
  };
}

/** Nothing runs pods here, so somebody has to say that Deployments are ready. */
function pretendReady(client: KubeClient): () => void {
  const timer = setInterval(async () => {
    try {
      const { items } = await client.list<KubeObject>(DEPLOYMENTS);
      for (const { metadata, spec } of items as (KubeObject & { spec: { replicas?: number } })[]) {
        const { replicas = 1 } = spec;
        const status = {
          observedGeneration: metadata.generation,
          replicas,
          updatedReplicas: replicas,
          readyReplicas: replicas,
          availableReplicas: replicas,
          conditions: [
            { type: "Available", status: "True", reason: "MinimumReplicasAvailable" },
            { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
          ],
        };
        const key = { namespace: metadata.namespace, name: metadata.name ?? "" };
        await client.patch(DEPLOYMENTS, key, { status }, { type: "merge", subresource: "status" });
      }
    } catch {
      // The cluster is about to be destroyed; the demo itself notices when something is wrong.
    }
  }, 200);
  return () => clearInterval(timer);
}
