import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAULT_RUNS, type FaultCluster, runFaults, startFaultCluster } from "../faults/runs.ts";
import { testRenderer } from "../helpers/render-worker.ts";

// `npm run faults -- --times 20` does the same for longer.
describe("random operations while things go wrong", () => {
  let faulty: FaultCluster;
  beforeAll(async () => {
    faulty = await startFaultCluster(await testRenderer());
  });
  afterAll(() => faulty?.stop());

  test.each(FAULT_RUNS)("$name: all is in the end as it has to be", async (run) => {
    const { operations, faults } = await runFaults(faulty, run, { seed: 20_261_121 });
    expect(operations).toBeGreaterThanOrEqual(run.operations);
    if (run.isCounted) expect(faults).toBeGreaterThan(operations / 10);
  });
});
