import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BrokenOffRuns, startBrokenOffRuns, VICTIMS } from "../faults/broken-off.ts";
import { seeded } from "../helpers/chaos.ts";
import { buildSealkit } from "../helpers/controller.ts";

describe("kill -9 in the middle of a backup, a restore and a rotation", () => {
  let runs: BrokenOffRuns;
  beforeAll(async () => {
    await buildSealkit();
    runs = await startBrokenOffRuns({ sealed: 60, sops: 12 });
  });
  afterAll(() => runs?.stop());

  // `npm run broken-off -- --kills 100` does the same at moments all over the commands.
  const random = seeded(20_261_121);
  const kills = VICTIMS.flatMap((victim) =>
    (victim === "rotate a repository" ? (["time", "time"] as const) : (["request", "time"] as const)).map((by) => ({
      victim,
      by,
      part: Number((0.4 + random() * 0.5).toFixed(2)),
    })),
  );
  test.each(kills)("$victim, killed at $part of its $by: the next run does it, and every value opens", async (kill) => {
    const { leftovers } = await runs.run(kill.victim, kill);
    expect(leftovers).toEqual([]);
  });
});
