import { beforeAll, describe, expect, test } from "vitest";
import type { SealingKeyPair } from "../../../../src/x509/index.ts";
import { seeded } from "../../../helpers/chaos.ts";
import { makePool } from "../../../operations/cluster.ts";
import { Mismatch } from "../../../operations/run.ts";
import type { Burst } from "../../../operations/script.ts";
import { runRandomly, sandboxTarget, stormOf } from "../../../operations/targets.ts";

// Many more, and on a real API server: test/cluster/operations.test.ts.
describe("random operations, compared with a model of all that may follow", () => {
  let pool: readonly SealingKeyPair[];
  beforeAll(async () => {
    pool = await makePool();
  });

  test("150 of them leave the cluster as the model has it, without a storm", async () => {
    const seed = 20_261_121;
    const report = await runRandomly(sandboxTarget, {
      random: seeded(seed),
      seed,
      operations: 150,
      pool,
      shrinkMs: 20_000,
    });
    expect(report.operations).toBeGreaterThanOrEqual(150);
    expect(report.reasons).toBeGreaterThan(60);
    expect(stormOf(report)).toBeUndefined();
  });

  test("a controller that does not make deleted Secrets anew is found out", async () => {
    const item = { value: btoa("a"), key: 0, scope: "strict", for: "apps/s0" } as const;
    const manifest = { scope: "strict", items: { item }, labels: {}, annotations: {} } as const;
    const script: Burst[] = [[{ do: "apply", key: "apps/s0", manifest }], [{ do: "delete secret", key: "apps/s0" }]];
    const options = { pool, settings: { skipRecreate: true }, patienceMs: 300 };
    await expect(sandboxTarget(script, options)).rejects.toThrow(Mismatch);
    const patient = { ...options, patienceMs: 60_000 };
    await expect(sandboxTarget(script.slice(0, 1), patient)).resolves.toMatchObject({ operations: 1, passes: 1 });
  });
});
