import { beforeAll, describe, expect, test } from "vitest";
import { encryptBytes, generateX25519Identity, parseIdentity, parseRecipient } from "../../../../src/age/index.ts";
import { readManifests } from "../../../../src/yaml/index.ts";
import { type CaseKeys, caseKeys } from "../../../helpers/kubeseal/cases.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";

const SECRETS = `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: apps, labels: {app: db}}
type: Opaque
stringData: {user: admin, pass: canary-5d1e}
---
apiVersion: v1
kind: Secret
metadata: {name: wide, namespace: apps, annotations: {sealedsecrets.bitnami.com/cluster-wide: "true"}}
data: {bytes: AP+AAA==}
`;

let keys: CaseKeys;
let sealed: string;
let files: Record<string, string | Uint8Array>;
let identity: string;
beforeAll(async () => {
  keys = await caseKeys(async () => "");
  const made = await runCli("seal --cert cert.pem", { stdin: SECRETS, files: { "cert.pem": keys.certificate } });
  sealed = made.stdout;
  const token = (name: string) => keys.tokens.get(name) ?? "";
  identity = generateX25519Identity();
  const recipient = parseRecipient(parseIdentity(identity).name);
  const secret = values(token("@KEYSECRET_YAML"))[0];
  secret.metadata.labels = { "sealedsecrets.bitnami.com/sealed-secrets-key": "active" };
  secret.data["tls.crt"] = Buffer.from(keys.certificate).toString("base64");
  const labelled = JSON.stringify(secret);
  files = {
    "sealed.yaml": sealed,
    "key.pem": token("@KEY"),
    "pkcs1.pem": token("@KEY_PKCS1"),
    "other.pem": token("@KEY_OTHER"),
    "ec.pem": token("@KEY_EC"),
    "secret.yaml": token("@KEYSECRET_YAML"),
    "list.json": token("@KEYLIST_JSON"),
    "cert.pem": keys.certificate,
    "keys.age": await encryptBytes(Buffer.from(labelled), [recipient]),
    "id.txt": `${identity}\n`,
    "garbage.txt": "nothing\n",
    "notls.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\ndata: {a: YQ==}\n",
  };
});

const run = (line: string, more: CliRun = {}) => runCli(line, { ...more, files: { ...files, ...more.files } });
const values = (text: string) => readManifests(text).manifests.map(({ value }) => JSON.parse(JSON.stringify(value)));

describe("sealkit unseal", () => {
  test.each([
    { name: "a PKCS#8 key", line: "-k key.pem" },
    { name: "a PKCS#1 key", line: "-k pkcs1.pem" },
    { name: "a key Secret", line: "-k secret.yaml" },
    { name: "a List of key Secrets", line: "-k list.json" },
    { name: "several, the right one last", line: "-k other.pem -k key.pem" },
    { name: "an encrypted backup", line: "-k keys.age -i id.txt" },
  ])("opens every document with $name", async ({ line }) => {
    const { code, stdout, stderr } = await run(`unseal sealed.yaml ${line}`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(values(stdout)).toEqual([
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "db", namespace: "apps", labels: { app: "db" } },
        type: "Opaque",
        data: { user: "YWRtaW4=", pass: "Y2FuYXJ5LTVkMWU=" },
      },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          name: "wide",
          namespace: "apps",
          annotations: { "sealedsecrets.bitnami.com/cluster-wide": "true" },
        },
        data: { bytes: "AP+AAA==" },
      },
    ]);
  });

  test("renders templates, and says which failed without their values", async () => {
    const template = (text: string) =>
      sealed.replace("  template:\n", `  template:\n    data:\n      conf: '${text}'\n`);
    const good = await run("unseal - -k key.pem", { stdin: template("u={{ .user }}") });
    expect([good.code, good.stderr]).toEqual([0, ""]);
    expect(values(good.stdout)[0].data.conf).toBe(btoa("u=admin"));
    const bad = await run("unseal - -k key.pem", { stdin: template("{{ fail .pass }}") });
    expect([bad.code, bad.stdout]).toEqual([1, ""]);
    expect(bad.stderr).toContain("conf");
    expect(bad.stderr).not.toContain("canary-5d1e");
  });

  test("reads stdin, prints JSON, and leaves other kinds out", async () => {
    const { code, stdout, stderr } = await run("unseal - -k key.pem -o json", {
      stdin: `kind: ConfigMap\n---\n${sealed}`,
    });
    expect([code, stderr]).toEqual([0, "1 object of other kinds left out\n"]);
    expect(stdout.startsWith("{\n")).toBe(true);
  });

  test("writes a file that only its owner may read", async () => {
    const result = await run("unseal sealed.yaml -k key.pem -w out.yaml");
    expect([result.code, result.stdout, result.stderr]).toEqual([0, "", "Opened 2 SealedSecrets into out.yaml\n"]);
    expect(result.files["out.yaml"]?.mode).toBe(0o600);
  });

  test("says what an item was sealed for, by the neighbours of its file, and prints nothing", async () => {
    const moved = sealed.replaceAll("name: db", "name: renamed").replaceAll("namespace: apps", "namespace: other");
    const { code, stdout, stderr } = await run("unseal moved.yaml origin.yaml -k secret.yaml", {
      files: { "moved.yaml": moved, "origin.yaml": sealed.replaceAll(/pass: A.*\n/g, "") },
    });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(
      'error: Cannot unseal SealedSecret "other/renamed"\n  in "moved.yaml", document 1 (line 2)',
    );
    expect(stderr).toMatch(/items "pass", "user": key \S+ opens it, but it was sealed for apps\/db \(strict\)\n/);
    expect(stderr).toContain("1 of 4 do not open: nothing was printed");
    // What to do is known, so that no other advice is given.
    expect(stderr.match(/^hint: .*/gm)).toEqual([
      'hint: give the SealedSecret the name "db" and the namespace "apps", or seal it again',
    ]);
  });

  test("says where to look further when nothing is found", async () => {
    const moved = sealed.replaceAll("name: db", "name: renamed");
    const { stderr } = await run("unseal moved.yaml -k secret.yaml", { files: { "moved.yaml": moved } });
    expect(stderr).toContain("hint: was it renamed or moved? sealkit inspect");
  });

  test("prints those that open when told to keep going", async () => {
    const broken = sealed.replace(/pass: A./, "pass: AX");
    const { code, stdout } = await run("unseal broken.yaml -k key.pem --keep-going", {
      files: { "broken.yaml": broken },
    });
    expect([code, values(stdout).map(({ metadata }) => metadata.name)]).toEqual([1, ["wide"]]);
  });

  test("names key files that it cannot use, and goes on with the others", async () => {
    const { code, stderr } = await run(
      "unseal sealed.yaml -k garbage.txt -k cert.pem -k ec.pem -k notls.yaml -k key.pem",
    );
    expect([code, stderr]).toEqual([
      0,
      'warning: no key is used of "garbage.txt": it holds neither PEM nor a Secret\n' +
        'warning: no key is used of "cert.pem": there is none in a form that can be used\n' +
        'warning: no key is used of "ec.pem": it is not an RSA key\n' +
        'warning: no key is used of Secret "plain" in "notls.yaml": it has no tls.key\n',
    ]);
  });

  test.each([
    { name: "no key at all", line: "unseal sealed.yaml", code: 2, why: "no private key was named" },
    { name: "no usable key", line: "unseal sealed.yaml -k cert.pem", code: 1, why: "there is no usable private key" },
    {
      name: "an encrypted backup alone",
      line: "unseal sealed.yaml -k keys.age",
      code: 2,
      why: "no identity was named",
    },
    { name: "no such key file", line: "unseal sealed.yaml -k none", code: 1, why: 'Cannot read "none"' },
    { name: "no such file", line: "unseal none.yaml -k key.pem", code: 1, why: 'Cannot read "none.yaml"' },
    { name: "another key", line: "unseal sealed.yaml -k other.pem", code: 1, why: "Cannot unseal SealedSecret" },
    { name: "nothing sealed", line: "unseal secret.yaml -k key.pem", code: 1, why: "holds no SealedSecret" },
    { name: "no YAML", line: "unseal bad.yaml -k key.pem", code: 1, why: 'Cannot read "bad.yaml": line 2' },
  ])("refuses $name and shows no clear text", async ({ line, code, why }) => {
    const result = await run(line, { files: { "bad.yaml": "a: [" } });
    expect([result.code, result.stdout]).toEqual([code, ""]);
    expect(result.stderr).toContain(why);
    expect(result.stderr).not.toMatch(/canary-5d1e|PRIVATE KEY/);
  });
});
