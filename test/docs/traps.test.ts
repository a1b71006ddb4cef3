import { describe, expect, test } from "vitest";
import { kubesealCases } from "../helpers/kubeseal/cases.ts";
import { read } from "../helpers/pages.ts";
import { sopsFixture } from "../helpers/sops.ts";

const sopsCases: { readonly cases: readonly { readonly name: string }[] } = JSON.parse(sopsFixture("cases.json"));

/** Pages of traps, with their number and the names of the recorded calls that they refer to. */
const PAGES = [
  { page: "sealed-secrets-traps", count: 56, cases: kubesealCases().map(({ id }) => id) },
  { page: "sops-age-traps", count: 40, cases: sopsCases.cases.map(({ name }) => name) },
];

describe.each(PAGES)("docs/compatibility/$page.md", ({ page, count, cases }) => {
  const rows = [...read(`docs/compatibility/${page}.md`).matchAll(/^\| (\d+) \|(.*)\|(.*)\|(.*)\|$/gm)].map(
    ([, number, trap = "", here = "", shown = ""]) => ({
      number: Number(number),
      trap: trap.trim(),
      here: here.trim(),
      shown: shown.trim().split("<br>"),
    }),
  );

  test("has every trap once, in order, each with what happens here", () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: count }, (_, at) => at + 1));
    for (const { trap, here } of rows) {
      expect(trap).not.toBe("");
      expect(here).toMatch(/^(same|better)/);
    }
  });

  test("every test that it names is there", () => {
    const known = new Set(cases);
    const missing = rows.flatMap(({ number, shown }) =>
      shown
        .filter((proof) => {
          const name = /^case `([^`]+)`$/.exec(proof)?.[1];
          if (name !== undefined) return !known.has(name);
          const [, file = "", title = ""] = /^`([^`]+)`: (.+)$/.exec(proof) ?? [];
          return file === "" || !read(file).includes(`"${title}"`);
        })
        .map((proof) => `${number}: ${proof}`),
    );
    expect(missing).toEqual([]);
  });
});
