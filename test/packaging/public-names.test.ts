import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const packageJson: { exports: Record<string, string | { default: string; types: string }> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);
const entries = Object.entries(packageJson.exports).flatMap(([name, target]) =>
  typeof target === "string" ? [] : [{ name, target }],
);

/** What can be imported is written down: a name more or less is a change that somebody has to look at. */
describe("the public names of the package", () => {
  test("there are entry points, with types beside them", () => {
    expect(entries.length).toBeGreaterThan(10);
    for (const { name, target } of entries) {
      expect(target.types, name).toBe(target.default.replace(/\.js$/, ".d.ts"));
    }
  });

  test.each(entries)("$name", async ({ name, target }) => {
    const source = join(root, target.default.replace(/^\.\/dist\//, "").replace(/\.js$/, ".ts"));
    const exported: object = await import(source);
    await expect(Object.keys(exported).sort().join("\n").concat("\n")).toMatchFileSnapshot(
      join(root, "test/golden/public-names", `${name.replace(/^\.\/?/, "") || "root"}.txt`),
    );
  });
});
