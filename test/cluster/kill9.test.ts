import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chaos, STEPS, seeded, startChaos } from "../helpers/chaos.ts";
import { buildSealkit } from "../helpers/controller.ts";

describe("kill -9 of the controller in the middle of everything", () => {
  let chaos: Chaos;
  beforeAll(async () => {
    await buildSealkit();
    chaos = await startChaos();
  });
  afterAll(() => chaos?.stop());

  test("without a kill all goes well", async () => {
    expect((await chaos.run(undefined)).leftovers).toEqual([]);
  });

  // `npm run chaos -- --runs 50` does the same at moments all over the flow.
  const random = seeded(20_261_121);
  const moments = STEPS.filter((step) => step !== "rest").map((step) => ({
    step,
    afterMs: Math.round(random() * 400),
  }));
  test.each(moments)("$afterMs ms after the begin of $step it converges and loses nothing", async (moment) => {
    const { step } = await chaos.run(moment);
    expect(step).not.toBe("");
  });
});
