import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RE2JS } from "re2js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attributePatterns, attributeWord } from "../../../../cli/git/attribute-patterns.ts";
import { withPatterns } from "../../../../cli/git/attributes-block.ts";

const PATHS = [
  "db.yaml",
  "db.enc.yaml",
  "db.enc.yml",
  "dbxenc.yaml",
  "a/db.enc.yaml",
  "secrets/a.yaml",
  "secrets/a/b.yaml",
  "secrets/a.json",
  "mysecrets/a.yaml",
  "k8s/secrets/a.yaml",
  "k8s/prod/db.yaml",
  "k8s/prod/x/db.yaml",
  "k8s/staging/db.yaml",
  "k8s/production.yaml",
  "with blank/a [1].yaml",
  "app.env",
];

const RULES = [
  "\\.enc\\.yaml$",
  "\\.enc\\.ya?ml$",
  "\\.enc\\.(yaml|yml)$",
  "^secrets/.*\\.yaml$",
  "^secrets/[^/]+\\.yaml$",
  "secrets/.*\\.yaml$",
  "^secrets/",
  "^k8s/(prod|staging)/.*",
  "^k8s/prod",
  "^with blank/a \\[1\\]\\.yaml$",
  "^k8s/[^/]*/db\\.yaml$",
  "app\\.env$|db\\.yaml$",
  ".*\\.env",
];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-attributes-"));
  execFileSync("git", ["init", "-q", folder]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every rule has an attribute of its own, so that git is asked once. */
function whatGitMatches(patterns: readonly (readonly string[])[]): Map<number, Set<string>> {
  const lines = patterns.flatMap((words, at) => words.map((pattern) => `${attributeWord(pattern)} rule${at}\n`));
  writeFileSync(join(folder, ".gitattributes"), lines.join(""));
  const args = ["-C", folder, "check-attr", "-z", "-a", "--", ...PATHS];
  const out = execFileSync("git", args, { encoding: "utf8" }).split("\0");
  const found = new Map<number, Set<string>>(patterns.map((_, at) => [at, new Set()]));
  for (let at = 0; at + 2 < out.length; at += 3) found.get(Number(out[at + 1]?.slice(4)))?.add(out[at] ?? "");
  return found;
}

describe("attributePatterns()", () => {
  test("git matches the files that the rule matches", () => {
    const usable = RULES.flatMap((rule) => {
      const patterns = attributePatterns(rule);
      return patterns === undefined ? [] : [{ rule, patterns }];
    });
    expect(RULES.filter((rule) => attributePatterns(rule) === undefined)).toEqual(["\\.enc\\.ya?ml$"]);
    const matched = whatGitMatches(usable.map(({ patterns }) => patterns));
    for (const [at, { rule }] of usable.entries()) {
      const regex = RE2JS.compile(rule);
      expect([rule, [...(matched.get(at) ?? [])].sort()]).toEqual([
        rule,
        PATHS.filter((path) => regex.test(path)).sort(),
      ]);
    }
  });

  test.each([
    "a{2}",
    "[ab].yaml",
    "a?",
    "(a",
    "a+",
    "(a|b)*",
    "\\d",
    "a\\b",
    "(?i)x",
    "^*",
    "a.b",
    "a\n* filter=x",
    "a\u001b",
  ])("%s has no pattern", (rule) => expect(attributePatterns(rule)).toBeUndefined());

  test("alternatives that multiply are given up, soon", () => {
    expect(attributePatterns("(a|b|c)".repeat(20))).toBeUndefined();
    expect(attributePatterns("(".repeat(5000))).toBeUndefined();
    expect(attributePatterns(`^a.*${"b.*".repeat(60)}`)).toBeUndefined();
  });
});

describe("withPatterns()", () => {
  const block = (pattern: string) => withPatterns("", [pattern]);
  test.each([
    { name: "an empty file", text: "" },
    { name: "other lines", text: "*.png binary\n" },
    { name: "a last line without a break", text: "*.png binary" },
  ])("$name gets the lines once, and loses them again", ({ text }) => {
    const once = withPatterns(text, ["*.a"]);
    expect(once).toContain("*.a diff=sealkit merge=sealkit\n");
    expect(withPatterns(once, ["*.a"])).toBe(once);
    expect(withPatterns(once, ["*.b"])).toBe(once.replace("*.a", "*.b"));
    expect(withPatterns(once, []).trimEnd()).toBe(text.trimEnd());
    expect(withPatterns(`${once}*.c text\n`, [])).toMatch(/\*\.c text\n$/);
  });

  test("a pattern with blanks, quotes or marks is quoted", () => {
    for (const pattern of ["a b", '"a', "#a", "a\tb"]) expect(block(pattern)).toMatch(/^".*" diff=/m);
  });
});
