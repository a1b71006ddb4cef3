import { describe, expect, test } from "vitest";
import { AUDIT_RULES, type Finding, fingerprints, inOrder, sarifLog } from "../../../src/audit/index.ts";
import { LEAK_RULES } from "../../../src/leaks/index.ts";
import { read } from "../../helpers/pages.ts";

const base: Finding = {
  rule: "clear-secret",
  path: "a/ä b#1.yaml",
  line: 3,
  object: "Secret apps/db",
  fields: ["password"],
  detail: "",
  commit: undefined,
};
const findings: readonly Finding[] = [
  base,
  { ...base, line: 30 },
  { ...base, rule: "private-key", line: undefined, object: undefined, commit: "c".repeat(40) },
  { ...base, rule: "expiring-certificate", fields: [], detail: "on 2026-06-11" },
];

describe("sarifLog()", () => {
  const log = sarifLog(findings, { version: "1.2.3" });
  const [run] = log.runs;
  const results = run?.results ?? [];

  test("has what SARIF 2.1.0 requires, and nothing undefined", () => {
    expect(log.version).toBe("2.1.0");
    expect(JSON.parse(JSON.stringify(log))).toEqual(log);
    const { name, rules, semanticVersion } = run?.tool.driver ?? { name: "", rules: [], semanticVersion: "" };
    expect([name, semanticVersion]).toEqual(["sealkit", "1.2.3"]);
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(["error", "warning", "note"]).toContain(rule.defaultConfiguration.level);
      for (const text of [rule.shortDescription.text, rule.fullDescription.text, rule.help.text]) {
        expect(text).toMatch(/^[A-Z].*\.$/);
      }
      expect(Number(rule.properties["security-severity"])).toBeGreaterThan(0);
    }
    for (const { ruleId, ruleIndex, level, message, locations, partialFingerprints } of results) {
      expect(rules[ruleIndex]?.id).toBe(ruleId);
      expect(["error", "warning", "note"]).toContain(level);
      expect(message.text).not.toBe("");
      expect(locations).toHaveLength(1);
      expect(locations[0]?.physicalLocation.region.startLine).toBeGreaterThan(0);
      expect(Object.values(partialFingerprints)).toEqual([expect.stringMatching(/^[0-9a-f]{32}:\d+$/)]);
    }
  });

  test("paths are references, messages say object and fields, a commit is told", () => {
    const [first, , key, last] = results;
    expect(first?.locations[0]?.physicalLocation.artifactLocation.uri).toBe("a/%C3%A4%20b%231.yaml");
    expect(first?.message.text).toBe("A Secret has values in clear: Secret apps/db; password.");
    expect(key?.message.text).toBe(`A private key has no passphrase (in commit ${"c".repeat(40)}).`);
    expect(key).toMatchObject({ properties: { commit: "c".repeat(40) } });
    expect(last?.message.text).toBe("A certificate expires soon: Secret apps/db; on 2026-06-11.");
  });
});

describe("fingerprints()", () => {
  test("stay when lines move, and tell findings apart that are alike", () => {
    const [first, second, third] = fingerprints(findings);
    expect(fingerprints(findings.map((found) => ({ ...found, line: (found.line ?? 0) + 7 })))).toEqual(
      fingerprints(findings),
    );
    expect(first?.split(":")[0]).toBe(second?.split(":")[0]);
    expect([first?.split(":")[1], second?.split(":")[1]]).toEqual(["1", "2"]);
    expect(third).not.toBe(first);
  });
});

test("inOrder() puts the worst first, then goes by place", () => {
  const order = inOrder(findings.toReversed()).map(({ rule, line }) => `${rule} ${line}`);
  expect(order).toEqual(["private-key undefined", "clear-secret 3", "clear-secret 30", "expiring-certificate 3"]);
});

describe("docs/audit-rules.md", () => {
  const page = read("docs/audit-rules.md");
  const sections = [...page.matchAll(/^## ([a-z-]+)\n\n\*\*(\w+)\.\*\* .+/gm)].map(
    ([, id = "", severity]) => `${id} ${severity}`,
  );

  test("has one section a rule, with its severity", () => {
    expect(sections).toEqual(AUDIT_RULES.map(({ id, severity }) => `${id} ${severity}`));
    expect(LEAK_RULES.every((id) => AUDIT_RULES.some((rule) => rule.id === id))).toBe(true);
    expect(page.match(/^\*What to do:\*/gm)).toHaveLength(AUDIT_RULES.length);
  });
});
