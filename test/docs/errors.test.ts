import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(root, folder, path));
}

/** Codes of every closed union that is called `…ErrorCode`. */
const codes = ["src", "cli", "controller", "sandbox"]
  .flatMap((folder) => filesBelow(folder, ".ts"))
  .flatMap((path) => [...readFileSync(path, "utf8").matchAll(/export type \w+ErrorCode =([^;]+);/g)])
  .flatMap(([, union = ""]) => [...union.matchAll(/"([A-Z0-9_]+)"/g)].map(([, code = ""]) => code));

const rows = filesBelow("docs/errors", ".md").flatMap((path) =>
  [...readFileSync(path, "utf8").matchAll(/^\| `([A-Z0-9_]+)` *\|/gm)].map(([, code = ""]) => code),
);

describe("docs/errors", () => {
  test("there are codes and rows", () => {
    expect(codes.length).toBeGreaterThan(50);
    expect(rows.length).toBeGreaterThan(50);
  });

  test("every code has a row", () => {
    expect(codes.filter((code) => !rows.includes(code))).toEqual([]);
  });

  test("every row has a code, and stands once", () => {
    expect(rows.filter((code) => !codes.includes(code))).toEqual([]);
    expect(rows.filter((code, at) => rows.indexOf(code) !== at)).toEqual([]);
  });
});
