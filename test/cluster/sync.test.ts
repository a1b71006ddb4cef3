import { createKubeClient, loadClusterConfig } from "../../src/kube/index.ts";
import { startCluster } from "../helpers/cluster.ts";
import { describeSync } from "../helpers/sync-suite.ts";

describeSync("a real API server", async () => {
  const cluster = await startCluster();
  const client = createKubeClient(await loadClusterConfig({ env: {}, cwd: "/", kubeconfig: cluster.kubeconfig }));
  return {
    client,
    stop: async () => {
      await client.close();
      await cluster.stop();
    },
  };
});
