import { describe, expect, test } from "vitest";
import {
  type KeyGroup,
  type KeyType,
  keysOfText,
  masterKeyName,
  parseConfig,
  parseEncryptionContext,
  SopsError,
} from "../../../src/sops/index.ts";
import { RECIPIENT_A, RECIPIENT_B } from "../../helpers/sops.ts";

const shown = (keys: KeyGroup) => keys.map((key) => `${key.type} ${masterKeyName(key)}`);

function refusal(work: () => unknown): SopsError {
  try {
    work();
  } catch (error) {
    if (error instanceof SopsError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("texts of keys", () => {
  const ROLE = "arn:aws:iam::1:role/x";
  const rows: readonly { type: KeyType; text: string; names: readonly string[] }[] = [
    { type: "kms", text: "arn:aws:kms:a:1:key/b", names: ["arn:aws:kms:a:1:key/b"] },
    { type: "kms", text: ` a b+${ROLE} ,, c`, names: [`ab+${ROLE}`, "c"] },
    { type: "kms", text: "a+arn:aws-cn:iam::1:role/x", names: ["a+arn:aws-cn:iam::1:role/x"] },
    { type: "kms", text: `+${ROLE}`, names: [`+${ROLE}`] },
    { type: "kms", text: "a,a", names: ["a", "a"] },
    { type: "gcp_kms", text: "projects/a /x, b", names: ["projects/a/x", "b"] },
    { type: "hckms", text: " r:1 , q:2:3,", names: ["r:1", "q:2:3"] },
    { type: "azure_kv", text: "https://x/keys/n/v", names: ["https://x/keys/n/v"] },
    {
      type: "azure_kv",
      text: "https://x:1/keys/n, https://y/keys/m/",
      names: ["https://x:1/keys/n/", "https://y/keys/m/"],
    },
    { type: "hc_vault", text: "https://h:8200/v1/transit/keys/k", names: ["https://h:8200/v1/transit/keys/k"] },
    { type: "hc_vault", text: "http://h/v2/a/b/other/k/", names: ["http://h/v1/a/b/keys/k"] },
    { type: "hc_vault", text: "https://h/v1/t/keys/a/b", names: ["https://h/v1/t/keys/keys/b"] },
    { type: "hc_vault", text: "https://h/v1/t%20x/keys/k,", names: ["https://h/v1/t%20x/keys/k"] },
    { type: "pgp", text: "AB CD, ef!,,", names: ["ABCD", "ef!"] },
    { type: "age", text: " age1x , age1y,", names: ["age1x", "age1y"] },
    { type: "age", text: " , ", names: [] },
  ];
  test.each(rows)("$type: $text", ({ type, text, names }) => {
    expect(shown(keysOfText(type, text))).toEqual(names.map((name) => `${type} ${name}`));
  });

  const BAD_PATH =
    "vault path does not seem to be formatted correctly: (eg. https://vault.example.com:8200/v1/transit/keys/keyName)";
  const PREFIXED =
    "running Vault with a prefixed URL is not supported! (Format has to be like https://vault.example.com:8200/v1/transit/keys/keyName)";
  const NO_SCHEME =
    "missing scheme in Vault URL (should be like this: +https://vault.example.com:8200/v1/transit/keys/keyName), got: ";
  const azure = (text: string) => `could not parse "${text}" into a valid Azure Key Vault MasterKey []`;
  const refusals: readonly { type: KeyType; text: string; upstream: string }[] = [
    { type: "hckms", text: "foo", upstream: "invalid key ID format: expected 'region:key-uuid', got \"foo\"" },
    { type: "hckms", text: ":x", upstream: 'region cannot be empty in key ID: ":x"' },
    { type: "hckms", text: "x:", upstream: 'key UUID cannot be empty in key ID: "x:"' },
    { type: "azure_kv", text: "foo", upstream: azure("foo") },
    { type: "azure_kv", text: "http://x/keys/n/v", upstream: azure("http://x/keys/n/v") },
    { type: "azure_kv", text: "https://x/keys/", upstream: azure("https://x/keys/") },
    { type: "azure_kv", text: "https://x/keys/n/v/w", upstream: azure("https://x/keys/n/v/w") },
    { type: "azure_kv", text: "https://x/y/keys/n/v", upstream: azure("https://x/y/keys/n/v") },
    { type: "azure_kv", text: "https://x/KEYS/n/v", upstream: azure("https://x/KEYS/n/v") },
    { type: "azure_kv", text: "https://u:p@x/keys/n/v", upstream: azure("https://u:p@x/keys/n/v") },
    { type: "hc_vault", text: "foo", upstream: `${NO_SCHEME}foo` },
    { type: "hc_vault", text: "/v1/t/keys/k", upstream: `${NO_SCHEME}/v1/t/keys/k` },
    { type: "hc_vault", text: "://h", upstream: 'parse "://h": missing protocol scheme' },
    { type: "hc_vault", text: "https://h", upstream: BAD_PATH },
    { type: "hc_vault", text: "https://h/v1/k", upstream: BAD_PATH },
    { type: "hc_vault", text: "https://h/v1/keys/k", upstream: BAD_PATH },
    { type: "hc_vault", text: "https://h/v1/t/keys/", upstream: BAD_PATH },
    { type: "hc_vault", text: "https://h/v1//t/keys/k", upstream: BAD_PATH },
    { type: "hc_vault", text: "https://h/p/v1/t/keys/k", upstream: PREFIXED },
    // The original takes these and cannot use them, or shows a password to everybody.
    { type: "hc_vault", text: "ftp://h/v1/t/keys/k", upstream: `${NO_SCHEME}ftp://h/v1/t/keys/k` },
    { type: "hc_vault", text: "h:8200/v1/t/keys/k", upstream: `${NO_SCHEME}h:8200/v1/t/keys/k` },
    { type: "hc_vault", text: "https:///v1/t/keys/k", upstream: BAD_PATH },
    { type: "hc_vault", text: "https://h/v1/t/keys/k?x=1", upstream: BAD_PATH },
    { type: "hc_vault", text: `https://h/v1/t/keys/${"k".repeat(5000)}`, upstream: BAD_PATH },
  ];
  test.each(refusals)("$type refuses $text", ({ type, text, upstream }) => {
    const error = refusal(() => keysOfText(type, text));
    expect([error.code, error.upstream]).toEqual(["SOPS_BAD_KEY", upstream]);
  });

  test.each(["azure_kv", "hc_vault", "hckms"] as const)("a secret key given as %s is not shown", (type) => {
    const error = refusal(() => keysOfText(type, "AGE-SECRET-KEY-1QQQQ"));
    expect([error.code, error.upstream]).toEqual(["SOPS_BAD_KEY", undefined]);
    expect(error.message).not.toContain("SECRET-KEY");
  });

  test("a password in the address of a Vault is refused and not shown", () => {
    const error = refusal(() => keysOfText("hc_vault", "https://u:hunter2@h/v1/t/keys/k"));
    expect(`${error.message} ${error.upstream} ${error.details} ${error.hints}`).not.toContain("hunter2");
  });
});

describe("names of AWS keys", () => {
  const context = new Map([
    ["k", "v"],
    ["a", "b"],
  ]);
  const rows = [
    { aws: {}, name: "arn" },
    { aws: { context }, name: "arn|a:b,k:v" },
    { aws: { profile: "p" }, name: "arn||p" },
    { aws: { context, profile: "p" }, name: "arn|a:b,k:v|p" },
  ];
  test.each(rows)("$name", ({ aws, name }) => {
    expect(shown(keysOfText("kms", "arn", aws))).toEqual([`kms ${name}`]);
  });

  const contexts: readonly [text: string, pairs: readonly (readonly [string, string])[] | undefined][] = [
    ["", []],
    ["a:b,a:c", [["a", "c"]]],
    [" a : b ", [[" a ", " b "]]],
    [":", [["", ""]]],
    ["__proto__:x", [["__proto__", "x"]]],
    ["a", undefined],
    ["a:b:c", undefined],
    ["a:b,", undefined],
  ];
  test.each(contexts)("context %j", (text, pairs) => {
    const context = parseEncryptionContext(text);
    expect(context === undefined ? undefined : [...context]).toEqual(pairs);
  });
});

function groupsOf(rule: string): readonly KeyGroup[] {
  const config = parseConfig(Buffer.from(`creation_rules:\n  - ${rule}\n`), ".sops.yaml");
  return config.creationRules?.[0]?.keyGroups() ?? [];
}

describe("keys of creation rules", () => {
  const A = RECIPIENT_A;
  const B = RECIPIENT_B;
  const VAULT = "http://h/v1/t/keys";
  const rows: readonly { rule: string; groups: readonly (readonly string[])[] }[] = [
    {
      rule: `{pgp: "AB CD, EF", kms: "a+arn:aws:iam::1:role/x, b", aws_profile: p, gcp_kms: "g,h", hckms: ["r:1"], azure_keyvault: https://x/keys/n/v, hc_vault_transit_uri: ${VAULT}/k, age: ${A}}`,
      groups: [
        [
          `age ${A}`,
          "pgp ABCD",
          "pgp EF",
          "kms a+arn:aws:iam::1:role/x||p",
          "kms b||p",
          "gcp_kms g",
          "gcp_kms h",
          "hckms r:1",
          "azure_kv https://x/keys/n/v",
          `hc_vault ${VAULT}/k`,
        ],
      ],
    },
    { rule: 'kms: [" a , b", c, ""]', groups: [["kms a", "kms b", "kms c"]] },
    { rule: "kms: a,a", groups: [["kms a", "kms a"]] },
    { rule: "{kms: a, aws_profile: 5}", groups: [["kms a||5"]] },
    { rule: 'hckms: ["a:b,c:d", 1:2]', groups: [["hckms a:b", "hckms c:d", "hckms 1:2"]] },
    {
      rule: `hc_vault_transit_uri: "${VAULT}/k, ${VAULT}/l"`,
      groups: [[`hc_vault ${VAULT}/k`, `hc_vault ${VAULT}/l`]],
    },
    { rule: 'pgp: ","', groups: [[]] },
    { rule: "aws_profile: x", groups: [[]] },
    {
      rule: `{pgp: FLAT, key_groups: [{kms: [{arn: a, role: r, context: {k: v, b: 5}, aws_profile: p}, {arn: 7}], gcp_kms: [{resource_id: " g h"}], hckms: [{key_id: "a:b"}], azure_keyvault: [{vaultUrl: "https://x", key: n, version: v}], hc_vault: [${VAULT}/k], age: ["${A},${B}"], pgp: [AB CD, 5]}]}`,
      groups: [
        [
          `age ${A}`,
          `age ${B}`,
          "pgp ABCD",
          "pgp 5",
          "kms a+r|b:5,k:v|p",
          "kms 7",
          "gcp_kms gh",
          "hckms a:b",
          "azure_kv https://x/keys/n/v",
          `hc_vault ${VAULT}/k`,
        ],
      ],
    },
    {
      rule: "key_groups: [{merge: [{pgp: [M1]}, {merge: [{pgp: [M2]}], pgp: [M3, X]}], pgp: [X, Y]}]",
      groups: [["pgp M1", "pgp M2", "pgp M3", "pgp X", "pgp Y"]],
    },
    { rule: "key_groups: [{pgp: [Y]}, {kms: [{arn: z}]}]", groups: [["pgp Y"], ["kms z"]] },
    { rule: 'key_groups: [{pgp: [AB, ab, AB, A B, null, ""]}]', groups: [["pgp AB", "pgp ab"]] },
    {
      rule: "key_groups: [{kms: [{arn: a, context: {k: v}}, {arn: a, context: {k: w}}, {arn: a, aws_profile: q}, {arn: a, context: {k: v}}]}]",
      groups: [["kms a|k:v", "kms a|k:w", "kms a||q"]],
    },
    { rule: "key_groups: [{aws_profile: p, hc_vault_transit_uri: x, kms: [{arn: a}]}]", groups: [["kms a"]] },
    { rule: "{key_groups: [], pgp: AB}", groups: [["pgp AB"]] },
    { rule: "key_groups: [{}]", groups: [[]] },
  ];
  test.each(rows)("$rule", ({ rule, groups }) => {
    expect(groupsOf(rule).map(shown)).toEqual(groups);
  });

  const refusals: readonly { rule: string; code?: string; says?: string; upstream?: string }[] = [
    ...[
      ["pgp: 5", "pgp", "pgp", "expected string, []string, or nil, got int"],
      ["pgp: [5]", "pgp", "pgp", "expected string in list, got int"],
      ["pgp: [a, null]", "pgp", "pgp", "expected string in list, got <nil>"],
      ["pgp: [[a]]", "pgp", "pgp", "expected string in list, got []interface {}"],
      ["kms: true", "kms", "kms", "expected string, []string, or nil, got bool"],
      ["kms: 2024-01-01", "kms", "kms", "expected string, []string, or nil, got time.Time"],
      ["gcp_kms: {a: b}", "gcpkms", "gcp_kms", "expected string, []string, or nil, got map[string]interface {}"],
      ["azure_keyvault: 1.5", "azure_keyvault", "azure_keyvault", "expected string, []string, or nil, got float64"],
    ].map(([rule = "", outer, inner, state]) => ({
      rule,
      upstream: `invalid ${outer} key configuration: invalid ${inner} key configuration: ${state}`,
    })),
    { rule: "hckms: a:b", says: '"hckms" is not a list' },
    { rule: "{kms: a, aws_profile: [x]}", says: '"aws_profile" is not a text' },
    { rule: "hckms: [a]", code: "SOPS_BAD_KEY" },
    { rule: "azure_keyvault: foo", code: "SOPS_BAD_KEY" },
    { rule: "hc_vault_transit_uri: [x]", code: "SOPS_BAD_KEY" },
    { rule: "key_groups: [{kms: a}]", says: '"kms" is not a list' },
    { rule: "key_groups: [{kms: [a]}]", says: 'an entry of "kms" in "key_groups" is not a mapping' },
    { rule: "key_groups: [{kms: [{role: x}]}]", says: 'an entry of "kms" in "key_groups" has no "arn"' },
    { rule: "key_groups: [{kms: [{arn: a, context: [x]}]}]", says: '"context" is not a mapping' },
    { rule: "key_groups: [{kms: [{arn: a, context: {k: null}}]}]", says: '"k" in "context" has no value' },
    { rule: "key_groups: [{hckms: [{key_id: x}]}]", code: "SOPS_BAD_KEY" },
    { rule: 'key_groups: [{azure_keyvault: ["https://x/keys/n/v"]}]', says: "is not a mapping" },
    { rule: "key_groups: [{azure_keyvault: [{vaultUrl: foo, key: n}]}]", says: '"vaultUrl" is not of the form' },
    { rule: 'key_groups: [{azure_keyvault: [{vaultUrl: "http://x", key: n}]}]', says: '"vaultUrl" is not of the form' },
    { rule: 'key_groups: [{azure_keyvault: [{vaultUrl: "https://x", name: n}]}]', says: 'has no "key"' },
    { rule: `key_groups: [{hc_vault: ${VAULT}/k}]`, says: '"hc_vault" is not a list' },
    { rule: `key_groups: [{hc_vault: ["${VAULT}/k,${VAULT}/l"]}]`, code: "SOPS_BAD_KEY" },
    { rule: "key_groups: [{age: x}]", says: '"age" is not a list' },
    { rule: "key_groups: [{merge: {pgp: [M1]}}]", says: '"merge" is not a list' },
    { rule: "key_groups: {pgp: [M1]}", says: '"key_groups" is not a list' },
    { rule: `key_groups: [${"{merge: [".repeat(30)}${"]}".repeat(30)}]`, says: "is nested deeper than 20 levels" },
    { rule: `pgp: "${"a,".repeat(1001)}"`, says: "has more than 1000 keys in a group" },
  ];
  test.each(refusals)("refuses $rule", ({ rule, code = "SOPS_BAD_CONFIG", says = "", upstream }) => {
    const error = refusal(() => groupsOf(rule));
    expect(error.code).toBe(code);
    expect(error.message).toContain(says);
    if (upstream !== undefined) expect(error.upstream).toBe(upstream);
  });

  test("malformed keys of a rule for other files stop nobody", () => {
    const text = "creation_rules:\n  - path_regex: x\n    hc_vault_transit_uri: foo\n    pgp: 5\n  - pgp: AB\n";
    const config = parseConfig(Buffer.from(text), ".sops.yaml");
    expect(shown(config.creationRules?.[1]?.keyGroups()[0] ?? [])).toEqual(["pgp AB"]);
  });
});
