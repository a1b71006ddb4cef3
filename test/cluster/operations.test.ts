import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadClusterConfig } from "../../src/kube/index.ts";
import type { SealingKeyPair } from "../../src/x509/index.ts";
import { seeded } from "../helpers/chaos.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { testRenderer } from "../helpers/render-worker.ts";
import { makePool } from "../operations/cluster.ts";
import { clusterTarget, runRandomly, sandboxTarget, stormOf } from "../operations/targets.ts";

/** `npm run operations` runs 10,000, `OPERATIONS_SEED=7 OPERATIONS=50000 npm run operations` others, and more. */
const seed = Number(process.env["OPERATIONS_SEED"] ?? "20261121");
const operations = Number(process.env["OPERATIONS"] ?? "4000");

describe("random operations, compared with a model of all that may follow", () => {
  let pool: readonly SealingKeyPair[];
  let renderer: Awaited<ReturnType<typeof testRenderer>>;
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    pool = await makePool();
    renderer = await testRenderer();
  });
  afterAll(() => cluster?.stop());

  const many = { seed, shrinkMs: 60_000 };

  test(`${operations} in the sandbox`, { timeout: 600_000 }, async () => {
    const report = await runRandomly(sandboxTarget, {
      ...many,
      random: seeded(seed),
      operations,
      pool,
      renderer,
    });
    expect(stormOf(report)).toBeUndefined();
  });

  test(`${operations / 10} on a real API server`, { timeout: 600_000 }, async () => {
    cluster = await startCluster({ controllerManager: true });
    const { kubeconfig, folder } = cluster;
    const target = clusterTarget(await loadClusterConfig({ env: {}, cwd: folder, kubeconfig }));
    const patienceMs = 60_000;
    const report = await runRandomly(target, {
      ...many,
      random: seeded(seed),
      operations: operations / 10,
      pool,
      renderer,
      patienceMs,
    });
    expect(stormOf(report)).toBeUndefined();
  });
});
