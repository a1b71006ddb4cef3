import { afterAll, beforeAll, describe, test } from "vitest";
import { encrypt, keysOfText, loadKeyring } from "../../../src/sops/index.ts";
import { IDENTITY_A, RECIPIENT_A, RECIPIENT_B } from "../../helpers/sops.ts";
import { type AnyKeyService, startAnyKeyService } from "./any-key-service.ts";
import { compare, folder } from "./compare.ts";

let service: AnyKeyService;

beforeAll(async () => {
  service = await startAnyKeyService();
});

afterAll(() => {
  service.end();
  folder.end();
});

const remoteOnly = () => ["--enable-local-keyservice=false", "--keyservice", service.address];
const A = RECIPIENT_A;
const B = RECIPIENT_B;
const VAULT = "http://h/v1/t/keys";
const AZURE = "https://x/keys";

describe("keys of flags and variables", () => {
  const rows: readonly { args: readonly string[]; env?: Record<string, string>; ourCode?: number }[] = [
    { args: ["--kms", "a+arn:aws:iam::1:role/x, b c", "--encryption-context", "k:v,a:b", "--aws-profile", "p"] },
    { args: ["--kms", "+arn:aws:iam::1:role/x"] },
    { args: ["--kms", "a,a"] },
    { args: ["--kms", "a", "--encryption-context", "a"] },
    { args: ["--kms", "a", "--encryption-context", "a:b,a:c"] },
    { args: ["--gcp-kms", "a b,c"] },
    { args: ["--hckms", " a:b:c , d : e,"] },
    { args: ["--hckms", "foo"] },
    { args: ["--hckms", ":x"] },
    { args: ["--azure-kv", `${AZURE}/n/v, ${AZURE}/m/w`] },
    { args: ["--azure-kv", "http://x/keys/n/v"] },
    { args: ["--azure-kv", `${AZURE}/n/v/w`] },
    { args: ["--hc-vault-transit", `https://h:8200/v1/a/b/transit/keys/k,${VAULT}/l/,${VAULT}/keys/m,`] },
    { args: ["--hc-vault-transit", "https://h/v1/keys/k"] },
    { args: ["--hc-vault-transit", "https://h/p/v1/t/keys/k"] },
    { args: ["--hc-vault-transit", "foo"] },
    { args: ["--hc-vault-transit", "ftp://h/v1/t/keys/k"], ourCode: 1 },
    { args: ["--hc-vault-transit", "https://u:p@h/v1/t/keys/k"], ourCode: 1 },
    { args: ["--pgp", "AB CD, ef!"] },
    { args: ["--age", `${A},${A}`] },
    {
      args: ["--age", A, "--kms", "k", "--gcp-kms", "g", "--azure-kv", `${AZURE}/n/v`, "--hckms", "r:1", "--pgp", "AB"],
    },
    {
      args: ["--pgp", "CD"],
      env: {
        SOPS_KMS_ARN: "k",
        SOPS_PGP_FP: "AB",
        SOPS_GCP_KMS_IDS: "g",
        SOPS_AZURE_KEYVAULT_URLS: `${AZURE}/n/v`,
        SOPS_VAULT_URIS: `${VAULT}/k`,
        SOPS_HUAWEICLOUD_KMS_IDS: "r:1",
        SOPS_AGE_RECIPIENTS: A,
      },
    },
  ];
  test.each(rows)("$args", async ({ args, env = {}, ourCode }) => {
    const files = { "f.yaml": "a: 1\n" };
    const row = { name: "", args: ["encrypt", ...remoteOnly(), ...args, "f.yaml"], files, env };
    await compare(ourCode === undefined ? row : { ...row, ourCode });
  });
});

describe("keys of creation rules", () => {
  const rules: readonly (string | { rule: string; ourCode: number })[] = [
    `{pgp: "AB CD, EF", kms: "a+arn:aws:iam::1:role/x, b", aws_profile: p, gcp_kms: "g,h", hckms: ["r:1"], azure_keyvault: ${AZURE}/n/v, hc_vault_transit_uri: ${VAULT}/k, age: ${A}}`,
    'kms: [" a , b", c]',
    "{kms: a, aws_profile: 5}",
    "pgp: 5",
    "pgp: [a, null]",
    "kms: true",
    "gcp_kms: {a: b}",
    "hckms: a:b",
    'hckms: ["a:b,c:d"]',
    "hckms: [a]",
    "azure_keyvault: foo",
    `hc_vault_transit_uri: "${VAULT}/k, ${VAULT}/l"`,
    'pgp: ","',
    "aws_profile: x",
    `{pgp: FLAT, key_groups: [{kms: [{arn: a, role: r, context: {k: v, b: 5}, aws_profile: p}, {arn: 7}], gcp_kms: [{resource_id: " g h"}], hckms: [{key_id: "a:b"}], azure_keyvault: [{vaultUrl: "https://x", key: n, version: v}], hc_vault: [${VAULT}/k], age: ["${A},${B}"], pgp: [AB CD, 5]}]}`,
    "key_groups: [{merge: [{pgp: [M1]}, {merge: [{pgp: [M2]}], pgp: [M3, X]}], pgp: [X, Y]}]",
    `{shamir_threshold: 2, key_groups: [{pgp: [Y]}, {kms: [{arn: z}]}, {age: [${B}]}]}`,
    "key_groups: [{pgp: [AB, ab, AB, A B, null]}]",
    "key_groups: [{kms: [{arn: a, context: {k: v}}, {arn: a, context: {k: w}}, {arn: a, aws_profile: q}, {arn: a, context: {k: v}}]}]",
    "key_groups: [{kms: [a]}]",
    "key_groups: [{kms: [{arn: a, context: [x]}]}]",
    `key_groups: [{hc_vault: ["${VAULT}/k,${VAULT}/l"]}]`,
    "key_groups: [{age: x}]",
    "key_groups: [{merge: {pgp: [M1]}}]",
    "key_groups: [{}]",
    { rule: "key_groups: [{kms: [{role: x}]}]", ourCode: 1 },
    { rule: "key_groups: [{kms: [{arn: a, context: {k: null}}]}]", ourCode: 1 },
    { rule: "key_groups: [{azure_keyvault: [{vaultUrl: foo, key: n, version: v}]}]", ourCode: 1 },
  ];
  test.each(rules)("%j", async (row) => {
    const { rule, ourCode } = typeof row === "string" ? { rule: row, ourCode: undefined } : row;
    const files = { "f.yaml": "a: 1\n", ".sops.yaml": `creation_rules:\n  - ${rule}\n` };
    const call = { name: "", args: ["encrypt", ...remoteOnly(), "f.yaml"], files, env: {} };
    await compare(ourCode === undefined ? call : { ...call, ourCode });
  });
});

describe("rotate and updatekeys with keys of other services", () => {
  const FILE = async () => {
    const keyService = { name: "any", encrypt: async () => "ANY", decrypt: () => Promise.reject(new Error("never")) };
    const keyring = loadKeyring([], { services: new Map([["kms", keyService]]) });
    const keyGroups = [[...keysOfText("kms", "one"), ...keysOfText("age", A)]];
    return (await encrypt("a: 1\n", "yaml", { keyGroups, keyring, now: Date.UTC(2026, 10, 20) })).text;
  };
  const rows: readonly { args: readonly string[]; rule?: string }[] = [
    { args: ["rotate", "--add-kms", "two", "--add-pgp", "AB", "--rm-age", B] },
    { args: ["rotate", "--rm-kms", "one", "--add-hc-vault-transit", `${VAULT}/k`] },
    { args: ["rotate", "--rm-kms", "one", "--encryption-context", "a:b", "--add-gcp-kms", "g"] },
    { args: ["rotate", "--add-pgp", "AB", "-i"] },
    { args: ["rotate", "--add-hckms", "x"] },
    { args: ["updatekeys", "-y"], rule: `{kms: "one,two", pgp: AB, age: ${A}}` },
    { args: ["updatekeys", "-y"], rule: `{kms: one, aws_profile: p, age: ${A}}` },
    { args: ["updatekeys", "-y"], rule: `{age: ${A}, kms: one}` },
    { args: ["updatekeys", "-y"], rule: `key_groups: [{age: [${A}]}, {pgp: [AB]}]` },
    { args: ["updatekeys", "-y"], rule: "hckms: [x]" },
    { args: ["updatekeys", "-y"], rule: "pgp: ','" },
  ];
  test.each(rows)("$args $rule", async ({ args: [command = "", ...more], rule }) => {
    const files = {
      "f.yaml": await FILE(),
      ...(rule === undefined ? {} : { ".sops.yaml": `creation_rules:\n  - ${rule}\n` }),
    };
    // The age identity opens the file, so the local service is on; it fails for the others, and the remote one is next.
    const args = [command, "--keyservice", service.address, ...more, "f.yaml"];
    const env = {
      SOPS_AGE_KEY: IDENTITY_A,
      AWS_EC2_METADATA_DISABLED: "true",
      SOPS_GPG_EXEC: "/nope",
      VAULT_MAX_RETRIES: "0",
    };
    await compare({ name: "", args: args.filter((word) => word !== ""), files, env });
  });
});

test("updatekeys of a file with key groups shows a threshold that stays", async () => {
  const groups = `[{age: [${A}]}, {age: [${B}]}, {pgp: [AB]}]`;
  const { text } = await encrypt("a: 1\n", "yaml", { recipientGroups: [[A], [A]], shamirThreshold: 2, now: 0 });
  const files = { "f.yaml": text, ".sops.yaml": `creation_rules:\n  - key_groups: ${groups}\n` };
  const args = ["updatekeys", "--keyservice", service.address, "-y", "f.yaml"];
  await compare({ name: "", args, files, env: { SOPS_AGE_KEY: IDENTITY_A, SOPS_GPG_EXEC: "/nope" } });
});
