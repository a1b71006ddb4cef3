import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateX25519Identity } from "../../../src/age/index.ts";
import { findLeaks } from "../../../src/leaks/index.ts";

const VALUE = "h7Kq-canary-29x";
const BASE64 = Buffer.from(VALUE).toString("base64");
const ed25519 = generateKeyPairSync("ed25519").privateKey;
const PEM = ed25519.export({ type: "pkcs8", format: "pem" }).toString();
const ENCRYPTED_PEM = ed25519
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
  .toString();
const CERTIFICATE = `-----BEGIN CERTIFICATE-----\n${"QUJD".repeat(30)}\n-----END CERTIFICATE-----\n`;
const indent = (text: string, by: number) => text.replace(/^(?=.)/gm, " ".repeat(by));
const openSsh = (cipher: string) => {
  const name = Buffer.from(cipher);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  const body = Buffer.concat([Buffer.from("openssh-key-v1\0"), length, name, Buffer.alloc(120, 7)]).toString("base64");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
};

/** `rule:line fields` of everything that is found. */
function found(path: string, text: string | Uint8Array): string[] {
  const leaks = findLeaks({ path, bytes: typeof text === "string" ? Buffer.from(text) : text });
  expect(JSON.stringify(leaks)).not.toContain("canary");
  return leaks.map(({ rule, line, fields }) => `${rule}:${line} ${fields.join(",")}`);
}

interface Row {
  readonly name: string;
  readonly path?: string;
  readonly text: string | Uint8Array;
  readonly says: readonly string[];
}

const secret = (rest: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: apps}\n${rest}`;

describe("Secrets", () => {
  const rows: readonly Row[] = [
    { name: "data", text: secret(`data:\n  password: ${BASE64}\n`), says: ["clear-secret:5 password"] },
    { name: "stringData", text: secret(`stringData:\n  a: ""\n  b: ${VALUE}\n`), says: ["clear-secret:6 b"] },
    {
      name: "both",
      text: secret(`data: {a: ${BASE64}}\nstringData: {b: ${VALUE}}\n`),
      says: ["clear-secret:4 a,b"],
    },
    { name: "numbers", text: secret("stringData: {pin: 4711, on: true, none: }\n"), says: ["clear-secret:4 pin"] },
    { name: "no version", text: `kind: Secret\nstringData: {a: ${VALUE}}\n`, says: ["clear-secret:2 a"] },
    { name: "data that is no base64", text: secret(`data: {a: "${VALUE}!"}\n`), says: ["clear-secret:4 a"] },
    {
      name: "the second document",
      text: `kind: ConfigMap\n---\n${secret(`stringData: {a: ${VALUE}}\n`)}`,
      says: ["clear-secret:6 a"],
    },
    {
      name: "a List",
      text: `apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  stringData:\n    a: ${VALUE}\n- kind: Secret\n  data: {b: ${BASE64}}\n`,
      says: ["clear-secret:6 a", "clear-secret:8 b"],
    },
    {
      name: "JSON",
      path: "s.json",
      text: JSON.stringify({ apiVersion: "v1", kind: "Secret", data: { a: BASE64 } }, null, 2),
      says: ["clear-secret:5 a"],
    },
    {
      name: "JSON with escapes that YAML has not",
      path: "s.json",
      text: `{"kind": "Secret",\n "x": "\\ud83d\\ude00",\n "stringData": {"a": "${VALUE}"}}`,
      says: ["clear-secret:3 a"],
    },
    {
      name: "JSON in tabs",
      path: "s.json",
      text: `{\n\t"kind": "Secret",\n\t"data": {"a": "${BASE64}"}}`,
      says: ["clear-secret:3 a"],
    },
    {
      name: "a List in JSON",
      path: "s.json",
      text: `{"kind":"List","apiVersion":"v1","items":[{"kind":"Secret","apiVersion":"v1","data":{"a":"${BASE64}"}}]}`,
      says: ["clear-secret:1 a"],
    },
    {
      name: "an anchor",
      text: `kind: Secret\nx: &v ${VALUE}\nstringData: {a: *v}\n`,
      says: ["clear-secret:2 a"],
    },
    {
      name: "a merged mapping",
      text: `x: &base {kind: Secret, stringData: {a: ${VALUE}}}\ny:\n  <<: *base\n`,
      says: ["clear-secret:1 a", "clear-secret:1 a"],
    },
    {
      name: "objects that a chart gets",
      path: "values.yaml",
      text: `extraObjects:\n- apiVersion: v1\n  kind: Secret\n  stringData:\n    password: ${VALUE}\n`,
      says: ["clear-secret:5 password"],
    },
    {
      name: "UTF-16",
      text: Buffer.from(`\ufeff${secret(`stringData: {a: ${VALUE}}\n`)}`, "utf16le"),
      says: ["clear-secret:4 a"],
    },
    { name: "CRLF", text: secret(`stringData:\n  a: ${VALUE}\n`).replaceAll("\n", "\r\n"), says: ["clear-secret:5 a"] },
    {
      name: "a duplicate key",
      text: secret(`data: {}\nstringData: {a: ${VALUE}}\nstringData: {a: ${VALUE}}\n`),
      says: ["clear-secret:6 a"],
    },
    {
      name: "a private key beside its certificate",
      text: secret(`stringData:\n  tls.crt: |\n${indent(CERTIFICATE, 4)}  tls.key: |\n${indent(PEM, 4)}`),
      says: ["clear-secret:9 tls.key", "private-key:10 PRIVATE KEY"],
    },
    {
      name: "a template",
      path: "templates/s.yaml",
      text: `{{- if .Values.x }}\n${secret(`data:\n  a: ${BASE64}\n  b: {{ .Values.b | b64enc }}\n`)}{{- end }}\n`,
      says: ["clear-secret:6 a"],
    },
    {
      name: "a template, with a block",
      path: "t.tpl",
      text: `{{ x }}\nkind: Secret\nstringData:\n  a: |\n    ${VALUE}\n`,
      says: ["clear-secret:4 a"],
    },
    {
      name: "conflict markers",
      text: `<<<<<<< HEAD\n${secret(`stringData:\n  a: ${VALUE}\n`)}=======\n>>>>>>> x\n`,
      says: ["clear-secret:6 a"],
    },
    {
      name: "JSON with conflict markers",
      path: "s.json",
      text: `{\n  "kind": "Secret",\n<<<<<<< HEAD\n  "data": {\n    "a": "${BASE64}",\n    "b": "${BASE64}"\n  }\n>>>>>>> x\n}\n`,
      says: ["clear-secret:5 a,b"],
    },
  ];

  test.each(rows)("$name: found", ({ path = "a.yaml", text, says }) => {
    expect(found(path, text)).toEqual(says);
  });

  test.each([
    { name: "no values", text: secret("type: Opaque\n") },
    { name: "empty values", text: secret('data: {a: ""}\nstringData: {b: "", c: }\n') },
    ...[
      "CHANGEME",
      "change-me",
      "<password>",
      "REPLACE_ME",
      `\${DB_PASSWORD}`,
      "$(PASSWORD)",
      "{{ .x }}",
      "xxxx",
      "***",
      "your-token",
      "TODO",
      "placeholder",
      "ref+vault://a/b",
      "<path:kv/data/db#password>",
      "[redacted, 24 bytes]",
    ].map((value) => ({ name: `the stand-in ${value}`, text: secret(`stringData: {a: ${JSON.stringify(value)}}\n`) })),
    { name: "a stand-in in base64", text: secret(`data: {a: ${Buffer.from("CHANGEME").toString("base64")}}\n`) },
    { name: "a certificate", text: secret(`data: {ca.crt: ${Buffer.from(CERTIFICATE).toString("base64")}}\n`) },
    { name: "a certificate as text", text: secret(`stringData:\n  ca.crt: |\n${indent(CERTIFICATE, 4)}`) },
    {
      name: "ciphertext",
      text: secret("stringData: {a: 'ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]'}\nsops: {mac: x}\n"),
    },
    { name: "another kind", text: `kind: ConfigMap\ndata: {a: ${VALUE}}\n# of a Secret\n` },
    { name: "another group", text: `apiVersion: example.com/v1\nkind: Secret\ndata: {a: ${VALUE}}\n` },
    {
      name: "a SealedSecret",
      text: `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec: {encryptedData: {a: AgB}, template: {data: {x: "{{ .a }}"}}}\n`,
    },
    { name: "a schema", text: "properties: {kind: {type: string, default: Secret}, data: {type: object}}\n" },
    { name: "a page", path: "README.md", text: secret(`stringData: {a: ${VALUE}}\n`) },
    {
      name: "a binary file",
      text: Buffer.concat([Buffer.from(secret(`stringData: {a: ${VALUE}}\n`)), Buffer.from([0])]),
    },
    { name: "a template of references", text: `{{ if x }}\n${secret("data:\n  a: {{ .b }}\n  c: |\n    {{ .d }}\n")}` },
    { name: "a template of another kind", text: `{{ if x }}\nkind: ConfigMap\ndata:\n  a: ${VALUE}\n` },
    { name: "an empty file", text: "" },
  ])("$name: not found", ({ text, path = "a.yaml" }: Omit<Row, "says">) => {
    expect(found(path, text)).toEqual([]);
  });

  test("a Secret of a SOPS file: what is clear in it is another rule", () => {
    const text = secret(
      `stringData:\n  a: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\n  b: ${VALUE}\nsops:\n  mac: x\n`,
    );
    expect(found("a.yaml", text)).toEqual(["unencrypted-field:6 b"]);
  });

  test("the object has its namespace and name", () => {
    const [leak] = findLeaks({ path: "a.yaml", bytes: Buffer.from(secret(`stringData: {a: ${VALUE}}\n`)) });
    expect(leak?.object).toBe("Secret apps/db");
  });
});

describe("generators and kubeconfigs", () => {
  const users = (user: string) => `apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user: {${user}}\n`;

  test.each([
    {
      name: "literals",
      path: "kustomization.yaml",
      text: `secretGenerator:\n- name: db\n  literals:\n  - user=\n  - password=${VALUE}\n`,
      says: ["secret-generator:5 password"],
    },
    {
      name: "a quoted literal",
      text: `secretGenerator: [{literals: ['a="${VALUE}"']}]\n`,
      says: ["secret-generator:1 a"],
    },
    { name: "a token", path: "kubeconfig", text: users(`token: ${VALUE}`), says: ["kubeconfig-credentials:5 token"] },
    {
      name: "a password",
      path: ".kube/config",
      text: users(`password: ${VALUE}`),
      says: ["kubeconfig-credentials:5 password"],
    },
    {
      name: "a client key",
      text: users(`client-key-data: ${BASE64}`),
      says: ["kubeconfig-credentials:5 client-key-data"],
    },
    {
      name: "a provider",
      text: users(`auth-provider: {config: {id-token: ${VALUE}}}`),
      says: ["kubeconfig-credentials:5 id-token"],
    },
  ])("$name: found", ({ path = "a.yaml", text, says }: Row) => {
    expect(found(path, text)).toEqual(says);
  });

  test.each([
    { name: "files", text: "secretGenerator: [{name: a, files: [x], envs: [y.env]}]\n" },
    { name: "a literal to be substituted", text: `secretGenerator: [{literals: ['a=\${A}']}]\n` },
    { name: "literals of a ConfigMap", text: `configMapGenerator: [{literals: [a=${VALUE}]}]\n` },
    { name: "a program", text: users("exec: {command: aws}") },
    { name: "files of a user", text: users("client-key: /home/a/key.pem, tokenFile: /t") },
    { name: "users of something else", text: `users: [{user: {token: ${VALUE}}}]\n` },
  ])("$name: not found", ({ text }) => {
    expect(found("a.yaml", text)).toEqual([]);
  });
});

describe("keys", () => {
  test.each([
    { name: "PKCS#8", text: PEM, says: ["private-key:1 PRIVATE KEY"] },
    { name: "behind other text", text: `a\nb\n${PEM}`, says: ["private-key:3 PRIVATE KEY"] },
    { name: "in JSON", text: JSON.stringify({ private_key: PEM }), says: ["private-key:1 PRIVATE KEY"] },
    { name: "indented", path: "a.yaml", text: `key: |\n${indent(PEM, 2)}`, says: ["private-key:2 PRIVATE KEY"] },
    { name: "commented", text: PEM.replace(/^/gm, "# "), says: ["private-key:1 PRIVATE KEY"] },
    { name: "OpenSSH", text: openSsh("none"), says: ["private-key:1 OPENSSH PRIVATE KEY"] },
    { name: "two", text: PEM + PEM, says: ["private-key:1 PRIVATE KEY", "private-key:4 PRIVATE KEY"] },
    {
      name: "PGP",
      text: `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n${"lQOYBF".repeat(20)}\n`,
      says: ["private-key:1 PGP PRIVATE KEY BLOCK"],
    },
  ])("$name: found", ({ path = "k.txt", text, says }: Row) => {
    expect(found(path, text)).toEqual(says);
  });

  test.each([
    { name: "encrypted", text: ENCRYPTED_PEM },
    { name: "encrypted by its header", text: PEM.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n") },
    { name: "OpenSSH with a passphrase", text: openSsh("aes256-ctr") },
    { name: "only a heading", text: "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n" },
    { name: "a sentence about one", text: "Put it between -----BEGIN PRIVATE KEY----- and the end, please." },
    { name: "a public key", text: "-----BEGIN PUBLIC KEY-----\nAAAA\n" },
    { name: "what an identity looks like", text: `AGE-SECRET-KEY-1${"Q".repeat(58)}` },
    { name: "a recipient", text: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p" },
  ])("$name: not found", ({ text }) => {
    expect(found("k.txt", text)).toEqual([]);
  });

  test("an age identity, wherever it stands", () => {
    const identity = generateX25519Identity();
    expect(found("notes.md", `# x\nkey: ${identity}\n`)).toEqual(["age-identity:2 identity"]);
    expect(
      found(
        "notes.md",
        identity.replace(/.$/, (last) => (last === "Q" ? "P" : "Q")),
      ),
    ).toEqual([]);
  });
});

describe("values of charts", () => {
  test.each([
    [`adminPassword: ${VALUE}`, ["clear-value:1 adminPassword"]],
    [`password: 12345678`, ["clear-value:1 password"]],
    [`postgresql:\n  auth:\n    postgres-password: ${VALUE}`, ["clear-value:3 postgresql.auth.postgres-password"]],
    [`AWS_SECRET_ACCESS_KEY: ${VALUE}`, ["clear-value:1 AWS_SECRET_ACCESS_KEY"]],
    [`env:\n- name: API_TOKEN\n  value: ${VALUE}`, ["clear-value:3 env[0].value"]],
    [`token: ${VALUE}`, ["clear-value:1 token"]],
    [`apiKey: ${VALUE}`, ["clear-value:1 apiKey"]],
    [`users:\n- password: ${VALUE}`, ["clear-value:2 users[0].password"]],
    [`database: postgres://app:${VALUE}@db:5432/app`, ["clear-value:1 database"]],
    [`connectionString: "Server=db;Pwd=${VALUE}"`, ["clear-value:1 connectionString"]],
    [`clientSecret: 9fK2mQ7xT1bV`, ["clear-value:1 clientSecret"]],
  ])("%s: found", (text, says) => {
    expect(found("charts/db/values-prod.yaml", `${text}\n`)).toEqual(says);
  });

  test.each([
    'password: ""',
    "password:",
    "password: CHANGEME",
    `password: \${PASSWORD}`,
    'password: "{{ .Values.global.password }}"',
    "password: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]",
    `password: AgB${"x".repeat(400)}`,
    "password: true",
    "existingSecret: my-database",
    `existingSecretPasswordKey: ${VALUE}`,
    `passwordSecretName: ${VALUE}`,
    `secretRef: ${VALUE}`,
    `passwordFile: ${VALUE}`,
    "password: /run/secrets/password",
    "imagePullSecrets: [registry-1a2b]",
    "tlsSecret: web-tls-9x8y",
    "secret: my-app-secret",
    "token: kube-system.reader",
    "secret: { enabled: true }",
    "tokenTTL: 3600",
    "maxTokens: 4096",
    "token: 3600",
    "passwordHash: $2a$10$abcdefghijklmnopqrstuv",
    "adminPassword: $2a$10$abcdefghijklmnopqrstuv",
    "url: https://example.com/a:b@c",
    `url: postgres://app:\${PASSWORD}@db/app`,
    "key: 9fK2mQ7xT1bV",
    "keyPassword: >-\n  the password is made by the chart when none is given here",
    `env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]`,
  ])("%s: not found", (text) => {
    expect(found("values.yaml", `${text}\n`)).toEqual([]);
  });

  test.each([
    ["values.yaml", 1],
    ["a/values/prod.yaml", 1],
    ["prod.values.yml", 1],
    ["my-values.yaml", 1],
    ["values.schema.json", 1],
    ["deployment.yaml", 0],
    ["values.md", 0],
    ["evalues.yaml", 0],
  ])("%s counts as values: %s", (path, count) => {
    expect(found(path, `{"password": "${VALUE}"}\n`)).toHaveLength(count);
  });

  test("values in a HelmRelease and an Application", () => {
    const release = `kind: HelmRelease\nmetadata: {name: db}\nspec:\n  values:\n    password: ${VALUE}\n`;
    expect(found("release.yaml", release)).toEqual(["clear-value:5 password"]);
    const application = `kind: Application\nspec:\n  source: {helm: {valuesObject: {token: ${VALUE}}}}\n`;
    expect(found("app.yaml", application)).toEqual(["clear-value:3 token"]);
  });
});

test("no file makes it throw, and none takes it long", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("a.yaml", "values.yaml", "s.json", "k"),
      fc.uint8Array({ maxLength: 200 }),
      (path, tail) => {
        findLeaks({ path, bytes: Buffer.concat([Buffer.from("kind: Secret\nstringData:\n"), tail]) });
      },
    ),
    { numRuns: 40 },
  );
  const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]\n`).join("")}kind: Secret\n`;
  findLeaks({ path: "a.yaml", bytes: Buffer.from(bomb) });
  findLeaks({ path: "a.yaml", bytes: Buffer.from(`kind: Secret\nx: ${"[".repeat(10_000)}`) });
  findLeaks({ path: "k", bytes: Buffer.from("-----BEGIN PRIVATE KEY-----".repeat(2_000)) });
  findLeaks({ path: "a.yaml", bytes: Buffer.from(`{{ x }}\nkind: Secret\ndata:\n${" a: |\n".repeat(20_000)}`) });
});
