import { beforeAll, describe, expect, test } from "vitest";
import { encryptBytes, generateX25519Identity, parseIdentity, parseRecipient } from "../../src/age/index.ts";
import { backupText } from "../../src/keys/index.ts";
import { encrypt } from "../../src/sops/index.ts";
import { runCli } from "../helpers/run-cli.ts";
import { makeSealingKey } from "../helpers/sealing-keys.ts";
import { makeCanary } from "./canary.ts";
import { expectRefused, type Refusal } from "./refused.ts";

const canary = makeCanary();
const secret = canary.text;
const identity = generateX25519Identity();
const recipient = parseIdentity(identity).name;
const other = generateX25519Identity();
const NOW = Date.UTC(2026, 0, 1);
const env = { SOPS_AGE_KEY: identity };

const refused = (refusal: Refusal) => expectRefused(canary, refusal);

/** Clear files that cannot be read in either format, with the secret at or near the fault. */
const UNREADABLE: Readonly<Record<string, string | Uint8Array>> = {
  "cut JSON": `{"password": "${secret}`,
  "JSON without a colon": `{"password" "${secret}"}`,
  "JSON with an unknown word": `{"password": ${secret}]`,
  "JSON with a bad escape": `{"password": "\\q${secret}"}`,
  "a tab for indentation": `db:\n\tpassword: ${secret}\n`,
  "an open quote": `password: "${secret}\n`,
  "an unknown alias": `password: *${secret}\n`,
  "a stray line": `a: b\n${secret}\nc: d\n`,
  "a key twice": `a: ${secret}\na: ${secret}\n`,
  "a list at the top": `- ${secret}\n`,
  "a single value": secret,
  "metadata already": `password: ${secret}\nsops: {mac: ${secret}}\n`,
  "broken UTF-8": Buffer.concat([Buffer.from(`password: "${secret}`), Buffer.from([0xff, 0xfe, 0x22, 0x0a])]),
  "deep nesting": `password: ${secret}\nx: ${"[".repeat(20_000)}`,
};

describe("sops encrypt shows nothing of what it cannot encrypt", () => {
  for (const [name, content] of Object.entries(UNREADABLE)) {
    test.each(["yaml", "json"])(`${name}, as %s`, async (type) => {
      const words = ["sops", "encrypt", "--age", recipient, "--input-type", type, "--output-type", type, "f"];
      await refused({ words, files: { f: content } });
    });
  }

  test.each([
    { name: "a bad recipient", words: ["--age", "age1nope", "f.yaml"] },
    { name: "the secret in the place of a recipient", words: ["--age", `AGE-SECRET-KEY-1${secret}`, "f.yaml"] },
    { name: "a folder that is missing", words: ["--age", recipient, "--output", "no/such/file", "f.yaml"] },
    { name: "a pattern that is none", words: ["--age", recipient, "--encrypted-regex", "(", "f.yaml"] },
    { name: "no recipient", words: ["f.yaml"] },
  ])("$name", async ({ words }) => {
    await refused({ words: ["sops", "encrypt", ...words], files: { "f.yaml": `password: ${secret}\n` } });
  });
});

describe("sops decrypt shows nothing of what it does not decrypt", () => {
  let file = "";
  beforeAll(async () => {
    const clear = JSON.stringify({ password: secret, other: `${secret} too`, plain_unencrypted: "x" });
    ({ text: file } = await encrypt(clear, "json", { recipients: [recipient], now: NOW }));
  });

  test.each<[string, (text: string) => string]>([
    ["a changed MAC", (text) => text.replace(/("mac": "ENC\[AES256_GCM,data:)./, (_, head) => `${head}!`)],
    ["no MAC", (text) => text.replace(/"mac": "[^"]*"/, '"mac": ""')],
    ["a changed clear value", (text) => text.replace('"plain_unencrypted": "x"', '"plain_unencrypted": "y"')],
    ["values that changed places", (text) => text.replace('"password"', '"other1"').replace('"other"', '"password"')],
    ["a value in clear", (text) => text.replace(/"other": "[^"]*"/, `"other": "${secret}"`)],
    ["a value in clear that looks encrypted", (text) => text.replace(/"other": "[^"]*"/, `"other": "ENC[${secret}]"`)],
    ["a clear value in the envelope", (text) => text.replace(/("other": "ENC\[AES256_GCM,data:)[^,]*/, `$1${secret}`)],
    ["a time that is the secret", (text) => text.replace(/"lastmodified": "[^"]*"/, `"lastmodified": "${secret}"`)],
    ["a version that is the secret", (text) => text.replace(/"version": "[^"]*"/, `"version": "${secret}"`)],
    ["a data key that is the secret", (text) => text.replace(/"enc": "[^"]*"/, `"enc": "${secret}"`)],
    ["a file that is cut", (text) => text.slice(0, -10).replace(/"other": "[^"]*"/, `"other": "${secret}"`)],
    ["no metadata", () => `{"password": "${secret}"}`],
    ["no JSON", () => `password = ${secret}`],
    ...["int", "float", "bool", "time", "comment", secret].map((type): [string, (text: string) => string] => [
      `the type label ${type === secret ? "is the secret" : type}`,
      (text) => text.replace(/("other": "ENC\[[^"]*),type:str\]/, `$1,type:${type}]`),
    ]),
  ])("%s", async (_name, change) => {
    const changed = change(file);
    expect(changed).not.toBe(file);
    await refused({ words: ["sops", "decrypt", "f.json"], files: { "f.json": changed }, env });
  });

  test("the type label bytes, which versions before Go wrote for texts, changes nothing: its bytes and the MAC are the same", async () => {
    const changed = file.replace(/("other": "ENC\[[^"]*),type:str\]/, "$1,type:bytes]");
    expect(changed).not.toBe(file);
    const [one, other] = await Promise.all(
      [file, changed].map((text) => runCli(["sops", "decrypt", "f.json"], { files: { "f.json": text }, env })),
    );
    expect(other).toMatchObject({ code: 0, stdout: one?.stdout });
    expect(one?.stdout).toContain(`${secret} too`);
  });

  test.each([
    { name: "another identity", env: { SOPS_AGE_KEY: other } },
    { name: "an identity that is broken", env: { SOPS_AGE_KEY: `AGE-SECRET-KEY-1${secret}` } },
    { name: "an identity that is the secret", env: { SOPS_AGE_KEY: secret } },
    { name: "a key file that is the secret", env: { SOPS_AGE_KEY_FILE: "k.txt" } },
    { name: "no identity", env: {} },
  ])("$name", async ({ env: environment }) => {
    await refused({
      words: ["sops", "decrypt", "f.json"],
      files: { "f.json": file, "k.txt": secret },
      env: environment,
    });
  });

  test.each([
    { name: "an output folder that is missing", words: ["--output", "no/such/file"] },
    { name: "a path that is not there", words: ["--extract", '["nothing"]'] },
    { name: "a path through a value", words: ["--extract", '["password"]["below"]'] },
    { name: "a path that is malformed", words: ["--extract", "password"] },
  ])("$name", async ({ words }) => {
    await refused({ words: ["sops", "decrypt", ...words, "f.json"], files: { "f.json": file }, env });
  });
});

describe("keys and preview show nothing of a backup that cannot be used", () => {
  const files: Record<string, string | Uint8Array> = { "id.txt": identity, "other.txt": other, "bad.txt": secret };
  const base64 = Buffer.from(secret).toString("base64");
  const LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";
  const seal = (text: string) => encryptBytes(Buffer.from(text), [parseRecipient(recipient)]);
  const keySecret = (data: object) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "k", namespace: "kube-system", labels: { [LABEL]: "active" } },
      data,
    });

  beforeAll(async () => {
    const pair = await makeSealingKey();
    const data = {
      "tls.crt": Buffer.from(pair.certificatePem).toString("base64"),
      "tls.key": Buffer.from(pair.privateKeyPem).toString("base64"),
      more: base64,
    };
    const { clearText } = backupText([JSON.parse(keySecret(data))], { now: NOW, writtenBy: "test" });
    const clear = clearText.revealText();
    const bad: Readonly<Record<string, string>> = {
      good: clear,
      "changed text": clear.replace("kube-system\n", "kube-other\n"),
      "changed digest": clear.replace(/"sha256":"./, '"sha256":"x'),
      "broken manifest": clear.replace('"sealingKeys"', `"${secret}"`),
      "another version": clear.replace("backup v2", "backup v9"),
      "no Secret": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: "${secret}"}\n`,
      "no YAML": `a: "${secret}\n\tb`,
      "the secret": secret,
      "a private key that is the secret": keySecret({ ...data, "tls.key": base64 }),
      "a private key that is half one": keySecret({
        ...data,
        "tls.key": Buffer.from(`-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----\n`).toString(
          "base64",
        ),
      }),
      "a certificate that is the secret": keySecret({ ...data, "tls.crt": base64 }),
    };
    for (const [name, text] of Object.entries(bad)) {
      files[`${name}.age`] = await seal(text);
      if (name !== "good") files[`${name}.txt`] = text;
    }
    const good = Buffer.from(files["good.age"] ?? "");
    files["cut.age"] = good.subarray(0, -20);
    good.writeUInt8((good.at(-5) ?? 0) ^ 1, good.length - 5);
    files["flipped.age"] = good;
  });

  const CASES: readonly (readonly [file: string, identity: string])[] = [
    ["good.age", "other.txt"],
    ["good.age", "bad.txt"],
    ["cut.age", "id.txt"],
    ["flipped.age", "id.txt"],
    ...[
      "changed text",
      "changed digest",
      "broken manifest",
      "another version",
      "no Secret",
      "no YAML",
      "the secret",
      "a private key that is the secret",
      "a private key that is half one",
      "a certificate that is the secret",
    ].flatMap((name) => [[`${name}.age`, "id.txt"] as const, [`${name}.txt`, "id.txt"] as const]),
  ];

  test.each(CASES)("keys restore %s with %s", async (file, key) => {
    await refused({ words: ["keys", "restore", "-i", key, file, "--kubeconfig", "none"], files });
  });

  test.each(CASES)("preview with the sealing keys of %s, with %s", async (file, key) => {
    await refused({ words: ["preview", ".", "--sealing-keys", file, "-i", key], files });
  });

  test.each([
    { name: "restore of an encrypted backup without an identity", words: ["keys", "restore", "good.age"] },
    { name: "restore into no cluster", words: ["keys", "restore", "-i", "id.txt", "good.age", "--kubeconfig", "none"] },
    { name: "backup for the secret", words: ["keys", "backup", "-r", ` AGE-SECRET-KEY-1${secret}`] },
    { name: "backup for a file of secrets", words: ["keys", "backup", "-R", "id.txt"] },
    { name: "preview with a key file that is the secret", words: ["preview", ".", "--age-key-file", "bad.txt"] },
  ])("$name", async ({ words }) => {
    await refused({ words, files });
  });
});
