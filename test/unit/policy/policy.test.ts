import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY, PolicyError, parsePolicy, pathPattern } from "../../../src/policy/index.ts";
import { read } from "../../helpers/pages.ts";

const parse = (text: string) => parsePolicy(Buffer.from(text), ".sealkit/policy.yaml");

describe("parsePolicy()", () => {
  test("the example of the format page is read, every field of it", () => {
    const page = read("docs/formats/policy.md");
    const example = /## `audit`[\s\S]*?```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const { audit } = parse(example);
    expect(audit).toMatchObject({
      maxKeyAgeDays: 400,
      warnDaysBeforeExpiry: 30,
      widestScope: "strict",
      allowMacOnlyEncrypted: false,
      leftRecipients: [{ who: "somebody who left in May" }],
      allow: [{ rule: "clear-secret", pattern: "test/fixtures/**", reason: "made up for tests" }],
    });
    expect(new Date(audit.allow[0]?.until ?? 0).toISOString()).toBe("2027-01-31T23:59:59.999Z");
    expect(audit.scopes[0]?.paths("shared/a/b.yaml")).toBe(true);
  });

  test.each(["", "# nothing\n", "audit:\n", "audit: {}\n", "---\n"])("%j is the default", (text) => {
    expect(parse(text)).toEqual(DEFAULT_POLICY);
  });

  test.each([
    { text: "audits: {}\n", code: "POLICY_UNKNOWN_FIELD", says: 'line 1: there is no field "audits"' },
    { text: "audit:\n  maxAge: 3\n", code: "POLICY_UNKNOWN_FIELD", says: 'line 2: there is no field "audit.maxAge"' },
    {
      text: "audit:\n  allow:\n    - rule: a\n      path: b\n      reason: c\n      untill: x\n",
      code: "POLICY_UNKNOWN_FIELD",
      says: 'line 6: there is no field "audit.allow[0].untill"',
    },
    {
      text: "audit:\n  allow:\n    - path: b\n",
      code: "POLICY_BAD_VALUE",
      says: '"audit.allow[0].rule": it is missing',
    },
    {
      text: "audit:\n  allow:\n    - {rule: a, path: b}\n",
      code: "POLICY_BAD_VALUE",
      says: '"audit.allow[0].reason": it is missing',
    },
    {
      text: "audit:\n  allow:\n    - {rule: A B, path: b, reason: c}\n",
      code: "POLICY_BAD_VALUE",
      says: "it is no id of a rule",
    },
    {
      text: "audit:\n  allow:\n    - {rule: a, path: /, reason: c}\n",
      code: "POLICY_BAD_VALUE",
      says: "it is no pattern of paths",
    },
    {
      text: "audit:\n  allow:\n    - {rule: a, path: b, reason: c, until: 2027-02-30}\n",
      code: "POLICY_BAD_VALUE",
      says: "it is no day",
    },
    { text: "audit:\n  maxKeyAgeDays: -1\n", code: "POLICY_BAD_VALUE", says: 'line 2: "audit.maxKeyAgeDays"' },
    { text: "audit:\n  maxKeyAgeDays: 0\n", code: "POLICY_BAD_VALUE", says: "at least 1" },
    { text: "audit:\n  maxKeyAgeDays: 1e3\n", code: "POLICY_BAD_VALUE", says: "no whole number" },
    { text: "audit:\n  widestScope: wide\n", code: "POLICY_BAD_VALUE", says: "not one of strict" },
    {
      text: "audit:\n  scopes: [{path: a}]\n",
      code: "POLICY_BAD_VALUE",
      says: '"audit.scopes[0].widest": it is missing',
    },
    { text: "audit:\n  allowMacOnlyEncrypted: 'true'\n", code: "POLICY_BAD_VALUE", says: "neither true nor false" },
    { text: "audit:\n  allowMacOnlyEncrypted: yes\n", code: "POLICY_BAD_VALUE", says: "neither true nor false" },
    { text: "audit:\n  allow: all\n", code: "POLICY_BAD_VALUE", says: "it is no list" },
    { text: "audit: []\n", code: "POLICY_BAD_VALUE", says: "it is no mapping" },
    { text: "- audit\n", code: "POLICY_BAD_VALUE", says: "it is no mapping" },
    { text: "audit: {}\naudit: {}\n", code: "POLICY_UNREADABLE", says: "line 2" },
    { text: "audit: {}\n---\naudit: {}\n", code: "POLICY_UNREADABLE", says: "more than one document" },
    { text: "audit: {\n", code: "POLICY_UNREADABLE", says: 'Cannot use the policy ".sealkit/policy.yaml": line' },
    { text: `# ${"x".repeat(1024 * 1024)}\n`, code: "POLICY_UNREADABLE", says: "larger than 1024 KiB" },
  ])("refuses $text", ({ text, code, says }) => {
    const error = failure(() => parse(text));
    expect(error.code).toBe(code);
    expect(error.message).toContain(says);
  });

  test("a field called __proto__ is one that is not known", () => {
    expect(failure(() => parse("__proto__: {audit: {}}\n")).code).toBe("POLICY_UNKNOWN_FIELD");
  });
});

describe("pathPattern()", () => {
  test.each([
    ["apps/*.yaml", "apps/db.yaml", true],
    ["apps/*.yaml", "apps/db/db.yaml", false],
    ["apps/*.yaml", "x/apps/db.yaml", false],
    ["*.yaml", "a/db.yaml", false],
    ["**/values.yaml", "values.yaml", true],
    ["**/values.yaml", "a/b/values.yaml", true],
    ["**/values.yaml", "a/b/values.yaml/c", false],
    ["a/**/z", "a/z", true],
    ["a/**/z", "a/b/c/z", true],
    ["a/**/b/**/z", "a/b/b/c/b/z", true],
    ["a/**", "a", true],
    ["a/**", "ab/c", false],
    ["test/", "test/a/b", true],
    ["test/", "src/test/a", false],
    ["/a.yaml", "a.yaml", true],
    ["./a.yaml", "a.yaml", true],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["a?c", "ac", false],
    ["*", "a", true],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-b-b-d", false],
    ["a.c", "abc", false],
    ["ä*", "äöü", true],
  ])("%s matches %s: %s", (pattern, path, expected) => {
    expect(pathPattern(pattern)?.(path)).toBe(expected);
  });

  test("takes no time for patterns made to take it", () => {
    const path = `${"a/".repeat(2000)}b`;
    expect(pathPattern("**/a/".repeat(190))?.(path)).toBe(true);
    expect(pathPattern(`${"*a".repeat(400)}b`)?.("a".repeat(4000))).toBe(false);
  });

  test.each(["", "/", "x".repeat(1001)])("%j is none", (pattern) => {
    expect(pathPattern(pattern)).toBeUndefined();
  });
});

function failure(work: () => unknown): PolicyError {
  try {
    work();
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error("it was taken");
}
