import { describe, expect, test } from "vitest";
import { AUDIT_RULES, type Finding, fingerprints, inOrder, sarifLog } from "../../../src/audit/index.ts";
import { LEAK_RULES } from "../../../src/leaks/index.ts";
import { schemaProblems } from "../../helpers/json-schema.ts";
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
      const { primaryLocationLineHash } = partialFingerprints;
      expect(primaryLocationLineHash).toMatch(/^[0-9a-f]{32}:\d+$/);
      expect(partialFingerprints).toEqual({ primaryLocationLineHash, "sealkitFinding/v1": primaryLocationLineHash });
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

describe("a log of SARIF, for those who read it", () => {
  const schema = JSON.parse(read("fixtures/sarif/sarif-schema-2.1.0.json"));
  const logOf = (list: readonly Finding[]) => sarifLog(list, { version: "0.1.0" });
  const uris = (list: readonly Finding[]) =>
    (logOf(list).runs[0]?.results ?? []).map(({ locations }) => locations[0]?.physicalLocation.artifactLocation.uri);

  test.each([
    { name: "nothing", list: [] },
    { name: "all kinds of findings", list: findings },
    {
      name: "names that nobody would choose",
      list: [{ ...base, path: "a:b/%41 [c]/\ud800?#", fields: ["\u0000\ud800"] }],
    },
  ])("$name: follows the schema of the standard", ({ list }) => {
    expect(schemaProblems(logOf(list), schema)).toEqual([]);
  });

  test("the schema is looked at: what breaks it is found", () => {
    const log = JSON.parse(JSON.stringify(logOf(findings)));
    log.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0;
    log.runs[0].results[1].locations[0].physicalLocation.artifactLocation.uri = "a b";
    log.runs[0].results[2].level = "fatal";
    delete log.runs[0].tool.driver.name;
    log.runs[0].rules = [];
    expect(schemaProblems(log, schema).toSorted()).toEqual([
      ".runs[0].results[0].locations[0].physicalLocation.region.startLine is below 1",
      ".runs[0].results[1].locations[0].physicalLocation.artifactLocation.uri: uri-reference",
      ".runs[0].results[2].level is none of none,note,warning,error",
      ".runs[0].rules is unknown",
      ".runs[0].tool.driver.name is missing",
    ]);
  });

  test("paths stay below the top of the repository", () => {
    const paths = ["a/b.yaml", "/home/ann/keys.age", "../keys.age", "s3://backups/keys.age", "the cluster", "a:b"];
    expect(uris(paths.map((path) => ({ ...base, path })))).toEqual([
      "a/b.yaml",
      "keys.age",
      "keys.age",
      "keys.age",
      "the%20cluster",
      "a%3Ab",
    ]);
  });

  test("limits of GitHub: results, lengths of texts, tags of a rule, and the fingerprint that it looks at", () => {
    const { runs } = sarifLog(Array<Finding>(5).fill(base), { version: "0.1.0", maxResults: 3 });
    const [{ results, invocations, tool } = { results: [], invocations: [], tool: undefined }] = runs;
    expect(results).toHaveLength(3);
    expect(invocations).toEqual([
      {
        executionSuccessful: true,
        toolExecutionNotifications: [
          { level: "warning", message: { text: expect.stringMatching(/^2 more findings /) } },
        ],
      },
    ]);
    for (const { shortDescription, fullDescription, properties } of tool?.driver.rules ?? []) {
      expect(Math.max(shortDescription.text.length, fullDescription.text.length)).toBeLessThanOrEqual(1024);
      expect(properties.tags.length).toBeLessThanOrEqual(10);
    }
    const [long] = logOf([{ ...base, object: `Secret ${"\u{1F600}".repeat(2_000)}` }]).runs[0]?.results ?? [];
    expect(long?.message.text.length).toBeLessThanOrEqual(1_000);
    expect(long?.message.text).toMatch(/…$/);
  });

  test("what a finding is known by stays when lines move, and differs where two are alike", () => {
    const hashes = (list: readonly Finding[]) =>
      (logOf(list).runs[0]?.results ?? []).map(
        ({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash,
      );
    expect(hashes(findings.map((found) => ({ ...found, line: (found.line ?? 0) + 100 })))).toEqual(hashes(findings));
    expect(new Set(hashes(findings)).size).toBe(findings.length);
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
