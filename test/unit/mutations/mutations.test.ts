import { describe, expect, test } from "vitest";
import { MUTATED_PARSERS, mutator } from "../../helpers/mutations.ts";
import { IDENTITY_A, IDENTITY_B } from "../../helpers/sops.ts";

const SEED = 20_240_613;
const COUNT = 400;

/** Many more: `node bench/mutate.mjs`. */
describe("damaged files are refused, or give what was saved", () => {
  test.each(MUTATED_PARSERS)("%s", async (parser) => {
    const { judge } = await mutator(parser, SEED, [keyOf(IDENTITY_A), keyOf(IDENTITY_B)]);
    const kinds = new Map<string, number>();
    for (let at = 0; at < COUNT; at++) {
      const verdict = await judge(at);
      expect(["refused", "same"], `${parser} ${at}: ${JSON.stringify(verdict)}`).toContain(verdict.kind);
      kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1);
    }
    // Were all refused, or none, it would say nothing.
    expect(kinds.get("refused")).toBeGreaterThan(COUNT / 5);
    expect(kinds.get("same")).toBeGreaterThan(0);
  });
});

function keyOf(text: string): string {
  return /AGE-SECRET-KEY-1\w+/.exec(text)?.[0] ?? "";
}
