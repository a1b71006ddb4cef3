import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nearestWord } from "../../../cli/nearest.ts";
import { checkConfig, parseConfig, ruleFor } from "../../../src/sops/index.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, RECIPIENT_A, RECIPIENT_B } from "../../helpers/sops.ts";

const A = RECIPIENT_A;
const rules = (text: string) => `creation_rules:\n${text}`;
const brief = (text: string, paths?: readonly string[]) =>
  checkConfig(text, { nearest: nearestWord, ...(paths === undefined ? {} : { paths }) }).map(
    ({ severity, code, line, column }) => `${line}:${column} ${severity} ${code}`,
  );

describe("checkConfig()", () => {
  test.each([
    { name: "a rule for all", text: rules(`  - age: ${A}\n`) },
    {
      name: "several keys of all kinds",
      text: rules(
        `  - age: [${A}, "${RECIPIENT_B}"]\n    pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n    kms: arn:aws:kms:us-east-1:656532927350:key/920aff2e-c5f1-4040-943a-047fa387b27e\n    gcp_kms: projects/p/locations/l/keyRings/r/cryptoKeys/k\n    azure_keyvault: https://v.vault.azure.net/keys/k/1\n    hc_vault_transit_uri: https://v:8200/v1/transit/keys/k\n    hckms: [cn-north-1:12345678-1234-1234-1234-123456789abc]\n`,
      ),
    },
    {
      name: "groups and a threshold",
      text: rules(
        `  - shamir_threshold: 2\n    key_groups:\n      - age: [${A}]\n      - merge:\n          - age: [${RECIPIENT_B}]\n      - azure_keyvault: [{vaultUrl: "https://v.vault.azure.net", key: k}]\n        gcp_kms: [{resource_id: projects/p/locations/l/keyRings/r/cryptoKeys/k}]\n`,
      ),
    },
    {
      name: "a plugin's recipient",
      text: rules("  - age: age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t\n"),
    },
    {
      name: "anchors, aliases and merge keys",
      text: `k: &k ${A}\nbase: &b {age: *k, encrypted_regex: ^a$}\n${rules("  - <<: *b\n    path_regex: ^x\n  - <<: [*b]\n")}`,
    },
    {
      name: "destinations",
      text: `destination_rules:\n  - {path_regex: a, s3_bucket: b, recreation_rule: {age: ${A}}}\n  - {vault_path: x, vault_kv_version: 1, omit_extensions: true}\n`,
    },
    {
      name: "stores",
      text: "stores: {yaml: {indent: 2}, json: {indent: -1}, json_binary: {indent: 0}, dotenv: {}, ini: {}}\n",
    },
  ])("says nothing about $name", ({ text }) => expect(brief(text)).toEqual([]));

  test.each([
    { name: "an empty file", text: "", want: ["1:1 warning no-rules"] },
    { name: "only other fields", text: "x: 1\n", want: ["1:1 warning no-rules"] },
    { name: "broken YAML", text: "creation_rules: [\n", want: ["2:1 error syntax"] },
    { name: "a list", text: "- a\n", want: ["1:1 error bad-type"] },
    {
      name: "a mistyped field at the top",
      text: `creation_rule: []\n${rules(`  - age: ${A}\n`)}`,
      want: ["1:1 warning unknown-field"],
    },
    { name: "a field twice", text: rules(`  - age: ${A}\n    age: ${A}\n`), want: ["3:5 error duplicate-field"] },
    {
      name: "a second document",
      text: `${rules(`  - age: ${A}\n`)}---\na: 1\n`,
      want: ["4:1 warning ignored-document"],
    },
    { name: "rules as a mapping", text: rules("  age: x\n"), want: ["2:3 error bad-type"] },
    { name: "a rule as text", text: rules("  - x\n"), want: ["2:5 error bad-type"] },
    {
      name: "a mistyped field",
      text: rules(`  - age: ${A}\n    encrypted_regexp: x\n`),
      want: ["3:5 warning unknown-field"],
    },
    {
      name: "a field in another case",
      text: rules(`  - AGE: ${A}\n`),
      want: ["2:5 warning unknown-field", "2:5 warning no-keys"],
    },
    {
      name: "no RE2",
      text: rules(`  - age: ${A}\n    path_regex: (?=x)\n    encrypted_regex: "("\n`),
      want: ["3:17 error bad-regex", "4:22 error bad-regex"],
    },
    {
      name: "two selectors",
      text: rules(`  - age: ${A}\n    encrypted_regex: x\n    encrypted_suffix: y\n`),
      want: ["3:5 error two-selectors"],
    },
    {
      name: "a recipient that is none",
      text: rules("  - age: age1x, age1y\n"),
      want: ["2:10 error bad-key", "2:10 error bad-key"],
    },
    { name: "a fingerprint that is none", text: rules("  - pgp: me@example.com\n"), want: ["2:10 error bad-key"] },
    { name: "an ARN that is none", text: rules("  - kms: arn:x\n"), want: ["2:10 error bad-key"] },
    { name: "a resource that is none", text: rules("  - gcp_kms: projects/p\n"), want: ["2:14 error bad-key"] },
    { name: "a vault that is none", text: rules("  - hc_vault_transit_uri: nope\n"), want: ["2:27 error bad-key"] },
    {
      name: "a number as keys",
      text: rules("  - age: {a: b}\n"),
      want: ["2:5 warning no-keys", "2:10 error bad-type"],
    },
    {
      name: "an entry without its field",
      text: rules("  - key_groups:\n      - kms: [{role: r}]\n      - azure_keyvault: [{key: k}]\n"),
      want: ["3:15 error bad-key", "4:26 error bad-key"],
    },
    {
      name: "keys that are not read",
      text: rules(`  - age: ${A}\n    key_groups: [{age: [${A}]}]\n`),
      want: ["2:5 warning ignored-field"],
    },
    {
      name: "an empty group",
      text: rules(`  - key_groups: [{age: [${A}]}, {age: []}]\n`),
      want: [expect.stringContaining("error no-keys")],
    },
    {
      name: "a threshold for one group",
      text: rules(`  - age: ${A}\n    shamir_threshold: 2\n`),
      want: ["3:23 warning bad-threshold"],
    },
    {
      name: "a threshold of one",
      text: rules(`  - shamir_threshold: 1\n    key_groups: [{age: ${A}}, {age: ${A}}]\n`),
      want: ["2:23 error bad-threshold"],
    },
    {
      name: "a threshold beyond the groups",
      text: rules(`  - shamir_threshold: 3\n    key_groups: [{age: ${A}}, {age: ${A}}]\n`),
      want: ["2:23 error bad-threshold"],
    },
    {
      name: "a threshold as text",
      text: rules(`  - age: ${A}\n    shamir_threshold: two\n`),
      want: ["3:23 error bad-type"],
    },
    {
      name: "a boolean as text",
      text: rules(`  - age: ${A}\n    mac_only_encrypted: "true"\n`),
      want: ["3:25 error bad-type"],
    },
    {
      name: "a rule behind one for all",
      text: rules(`  - age: ${A}\n  - path_regex: x\n    age: ${A}\n`),
      want: ["3:17 warning shadowed-rule"],
    },
    {
      name: "the same pattern twice",
      text: rules(`  - path_regex: x\n    age: ${A}\n  - path_regex: x\n    age: ${A}\n`),
      want: ["4:17 warning shadowed-rule"],
    },
    {
      name: "two destinations",
      text: "destination_rules:\n  - s3_bucket: a\n    gcs_bucket: b\n",
      want: ["3:5 error bad-destination"],
    },
    {
      name: "no destination, and odd fields",
      text: "destination_rules:\n  - path_regex: (\n    reencryption_rule: {}\n    vault_kv_version: 3\n",
      want: [
        "2:5 error bad-destination",
        "2:17 error bad-regex",
        "3:5 warning unknown-field",
        "4:23 error bad-destination",
      ],
    },
    {
      name: "stores",
      text: "stores: {yaml: {indent: -1}, json: {indent: x}, toml: {}}\n",
      want: ["1:25 error bad-type", "1:45 error bad-type", "1:49 warning unknown-field"],
    },
  ])("finds $name", ({ text, want }) => expect(brief(text)).toEqual(want));

  test("rules are compared with files", () => {
    const text = rules(
      [
        `  - path_regex: ^prod/\n    age: ${A}`,
        `  - path_regex: prod/.*yaml$\n    age: ${A}`,
        `  - path_regex: ^/test\n    age: ${A}`,
        `  - path_regex: env$\n    age: ${A}\n`,
      ].join("\n"),
    );
    const paths = ["prod/a.yaml", "prod/b.json", "x.env"];
    expect(brief(text, paths)).toEqual(["4:17 warning shadowed-rule", "6:17 warning matches-nothing"]);
    const [shadowed, nothing] = checkConfig(text, { paths });
    expect(shadowed?.message).toBe("rule 2 is for no file: all 1 that it matches are taken by rule 1 before");
    expect(nothing?.hint).toContain("begin neither with / nor with ./");
  });

  test("no finding shows a secret key", () => {
    const secret = IDENTITY_A.match(/AGE-SECRET-KEY-\w+/)?.[0] ?? "";
    const fields = ["age", "pgp", "kms", "gcp_kms", "azure_keyvault", "hc_vault_transit_uri", "hckms"];
    const text = rules(`  - ${fields.map((field) => `${field}: "${secret}"`).join("\n    ")}\n`);
    const findings = checkConfig(text);
    expect(findings.filter(({ code }) => code === "bad-key")).toHaveLength(fields.length);
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  test("whatever it is given, it answers", () => {
    const word = fc.constantFrom(
      "creation_rules",
      "age",
      "key_groups",
      "merge",
      "kms",
      "path_regex",
      "stores",
      "yaml",
      "indent",
      "<<",
      "(",
      A,
    );
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        word,
        fc.integer(),
        fc.constant(null),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(word, tie("node"), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => void checkConfig(JSON.stringify(value), { paths: ["a"], nearest: nearestWord })),
      { numRuns: 200, seed: 7 },
    );
    fc.assert(
      fc.property(fc.string(), (text) => void checkConfig(text)),
      { numRuns: 200, seed: 7 },
    );
  });
});

describe("sealkit sops config check", () => {
  const config = rules(`  - path_regex: ^prod/\n    age: ${A}\n    encrypted_regexp: x\n`);

  test.each([
    { name: "warnings", words: [], code: 0, out: ".sops.yaml:4:5: warning: rule 1 has a field" },
    { name: "warnings, with --strict", words: ["--strict"], code: 1, out: "hint: did you mean: encrypted_regex\n" },
    { name: "a file by name", words: ["--config", "other.yaml"], code: 1, out: "other.yaml:1:17: error: " },
    { name: "JSON", words: ["--format", "json"], code: 0, out: '"code": "unknown-field"' },
  ])("$name", async ({ words, code, out }) => {
    const files = { ".sops.yaml": config, "other.yaml": "creation_rules: 5\n", "prod/x.yaml": "a: 1\n" };
    const run = await runCli(["sops", "config", "check", ...words], { files });
    expect([run.code, run.stdout.includes(out) ? out : run.stdout]).toEqual([code, out]);
  });

  test("looks at files below the configuration, from wherever it is called", async () => {
    const files = {
      ".sops.yaml": rules(`  - path_regex: ^prod/\n    age: ${A}\n`),
      "prod/x.yaml": "a: 1\n",
      "d/y": "",
    };
    const run = await runCli(["sops", "config", "check"], { files, below: "d" });
    expect([run.code, run.stdout, run.stderr]).toEqual([0, "", "../.sops.yaml: nothing to complain about\n"]);
  });

  test.each([
    { name: "no configuration", words: [], code: 1, says: "config file not found\n" },
    { name: "an unknown format", words: ["--format", "xml"], code: 1, says: "it is neither text nor json" },
    { name: "a file without its flag", words: ["x.yaml"], code: 1, says: "--config FILE" },
    { name: "a missing file", words: ["--config", "none"], code: 1, says: "could not read config file: open none" },
  ])("refuses $name", async ({ words, code, says }) => {
    const run = await runCli(["sops", "--config", "", "config", "check", ...words], { env: {} });
    expect([run.code, run.stdout, run.stderr.includes(says)]).toEqual([code, "", true]);
  });

  test("a file called config can be edited all the same", async () => {
    const run = await runCli(["sops", "config"], { files: { config: "{}" }, env: { EDITOR: "true" } });
    expect([run.code, run.stderr.includes("sops metadata not found")]).toEqual([1, true]);
  });
});

describe("parseConfig()", () => {
  test("merge keys give rules their fields, as with the original", () => {
    const text = `d: &d {age: ${A}, encrypted_regex: ^a$}\ne: &e {age: ${RECIPIENT_B}}\n${rules("  - <<: [*e, *d]\n    path_regex: ^x\n  - {<<: *d, encrypted_regex: ^b$}\n")}`;
    const { creationRules = [] } = parseConfig(Buffer.from(text), ".sops.yaml");
    const [first, second] = [ruleFor(creationRules, "x", "c"), ruleFor(creationRules, "y", "c")];
    expect(first.keyGroups()[0]?.[0]?.fields.get("recipient")).toBe(RECIPIENT_B);
    expect([first.selectors().get("encrypted_regex"), second.selectors().get("encrypted_regex")]).toEqual([
      "^a$",
      "^b$",
    ]);
  });

  test.each([
    ["true", true],
    ["yes", true],
    ['"on"', true],
    ["Y", true],
    ["off", false],
    ["~", false],
  ])("mac_only_encrypted and omit_extensions may be %s", (word, want) => {
    const text = `creation_rules: [{mac_only_encrypted: ${word}}]\ndestination_rules: [{omit_extensions: ${word}}]\n`;
    const { creationRules, destinationRules } = parseConfig(Buffer.from(text), ".sops.yaml");
    expect([creationRules?.[0]?.macOnlyEncrypted, destinationRules[0]?.omitExtensions]).toEqual([want, want]);
    expect(checkConfig(text).filter(({ code }) => code === "bad-type")).toEqual([]);
  });

  test("a text that looks like a date is that text", () => {
    const { creationRules } = parseConfig(Buffer.from("creation_rules: [{path_regex: 2024-01-01}]"), ".sops.yaml");
    expect(creationRules?.[0]?.pathPattern).toBe("2024-01-01");
  });

  test.each([
    ["stores: 5", "stores"],
    ["stores: [yaml]", "stores"],
    ["stores: {json: 4}", "stores.json"],
    ["stores: {ini: [a]}", "stores.ini"],
    ["creation_rules: [{mac_only_encrypted: tRue}]", "mac_only_encrypted"],
    ['creation_rules: [{mac_only_encrypted: "true"}]', "mac_only_encrypted"],
    ["destination_rules: [{omit_extensions: 1}]", "omit_extensions"],
  ])("refuses %s", (text, name) => {
    expect(() => parseConfig(Buffer.from(text), ".sops.yaml")).toThrow(name);
  });
});
