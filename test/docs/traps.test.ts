import { describe, expect, test } from "vitest";
import { kubesealCases } from "../helpers/kubeseal-cases.ts";
import { read } from "../helpers/pages.ts";

const rows = [...read("docs/compatibility/sealed-secrets-traps.md").matchAll(/^\| (\d+) \|(.*)\|(.*)\|(.*)\|$/gm)].map(
  ([, number, trap = "", here = "", shown = ""]) => ({
    number: Number(number),
    trap: trap.trim(),
    here: here.trim(),
    shown: shown.trim().split("<br>"),
  }),
);

describe("docs/compatibility/sealed-secrets-traps.md", () => {
  test("has every trap once, in order, each with what happens here", () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 56 }, (_, at) => at + 1));
    for (const { trap, here } of rows) {
      expect(trap).not.toBe("");
      expect(here).toMatch(/^(same|better)/);
    }
  });

  test("every test that it names is there", () => {
    const cases = new Set(kubesealCases().map(({ id }) => id));
    const missing = rows.flatMap(({ number, shown }) =>
      shown
        .filter((proof) => {
          const id = /^case `([^`]+)`$/.exec(proof)?.[1];
          if (id !== undefined) return !cases.has(id);
          const [, file = "", name = ""] = /^`([^`]+)`: (.+)$/.exec(proof) ?? [];
          return file === "" || !read(file).includes(`"${name}"`);
        })
        .map((proof) => `${number}: ${proof}`),
    );
    expect(missing).toEqual([]);
  });
});
