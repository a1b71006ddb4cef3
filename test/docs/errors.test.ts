import { describe, expect, test } from "vitest";
import { filesBelow, read } from "../helpers/pages.ts";

/** Everything in capitals with an underscore that stands in a union type called `...ErrorCode`. */
function codesIn(file: string): string[] {
  return [...read(file).matchAll(/type \w*ErrorCode =([\s\S]*?);/g)].flatMap(([, union = ""]) =>
    [...union.matchAll(/"([A-Z0-9_]+)"/g)].map(([, code = ""]) => code),
  );
}

const sources = ["src", "cli", "controller", "sandbox"].flatMap((folder) => filesBelow(folder, ".ts"));
const codes = sources.flatMap((file) => codesIn(file).map((code) => ({ code, file })));
const rows = filesBelow("docs/errors", ".md").flatMap((page) =>
  [...read(page).matchAll(/^\|\s*`([A-Z0-9_]+)`\s*\|([^|]*)\|([^|]*)\|/gm)].map(([, code = "", meaning, remedy]) => ({
    code,
    page,
    meaning: meaning?.trim() ?? "",
    remedy: remedy?.trim() ?? "",
  })),
);

describe("docs/errors", () => {
  test("there is something to check", () => {
    expect(codes.length).toBeGreaterThan(20);
    expect(rows.length).toBeGreaterThan(20);
  });

  test("every code has a row", () => {
    const known = new Set(rows.map(({ code }) => code));
    expect(codes.filter(({ code }) => !known.has(code))).toEqual([]);
  });

  test("every row is of a code that can occur", () => {
    const known = new Set(codes.map(({ code }) => code));
    expect(rows.filter(({ code }) => !known.has(code))).toEqual([]);
  });

  test("no code is used by two areas or has two rows", () => {
    const twice = (names: string[]) => names.filter((name, at) => names.indexOf(name) !== at);
    expect(twice(codes.map(({ code }) => code))).toEqual([]);
    expect(twice(rows.map(({ code }) => code))).toEqual([]);
  });

  test("every row says what it means and what to do", () => {
    expect(rows.filter(({ meaning, remedy }) => meaning === "" || remedy === "")).toEqual([]);
  });

  test("every error class has a closed union of codes", () => {
    const open = sources
      .filter((file) => /extends ToolkitError\b/.test(read(file)))
      .filter((file) => !/\bcode: \w*ErrorCode\b/.test(read(file)));
    expect(open).toEqual([]);
  });
});
