import { loadClusterConfig } from "../../src/kube/index.ts";
import { startCluster } from "../helpers/cluster.ts";
import { sealedSecretSuite } from "../suites/sealedsecret.ts";

sealedSecretSuite("SealedSecret on a real API server", async () => {
  const cluster = await startCluster({ controllerManager: true });
  return {
    config: await loadClusterConfig({ env: {}, cwd: cluster.folder, kubeconfig: cluster.kubeconfig }),
    loseWatches: async () => {
      await cluster.killApiServer();
      await cluster.restartApiServer();
    },
    stop: () => cluster.stop(),
  };
});
