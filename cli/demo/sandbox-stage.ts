import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startWholeCluster } from "../sandbox/whole-cluster.ts";
import type { MakeStage } from "./stage.ts";

/** Stages in a sandbox of this process; each is new and empty. */
export function sandboxStages(folder: string): MakeStage {
  return async () => {
    const own = await mkdtemp(join(folder, "cluster-"));
    const cluster = await startWholeCluster({ storagePath: join(own, "artifacts") });
    const kubeconfig = join(own, "kubeconfig");
    await writeFile(kubeconfig, cluster.sandbox.kubeconfig(), { mode: 0o600 });
    return {
      kubeconfig,
      client: cluster.client,
      async destroy() {
        await cluster.close();
        await rm(own, { recursive: true, force: true });
      },
    };
  };
}
