import { beforeAll, describe, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../../src/age/index.ts";
import { readManifests } from "../../../../src/yaml/index.ts";
import { type CaseKeys, caseKeys, labelOf, open } from "../../../helpers/kubeseal/cases.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: apps}\nstringData: {user: admin}\n";
const CANARY = "canary-7f3a9c";

let keys: CaseKeys;
beforeAll(async () => {
  keys = await caseKeys(async () => "");
});

const seal = (line: string, stdin: string | Uint8Array, files: Record<string, string | Uint8Array> = {}) =>
  runCli(`seal ${line}`, {
    stdin,
    files: {
      "cert.pem": keys.certificate,
      "ec.pem": keys.tokens.get("@CERT_EC") ?? "",
      "expired.pem": keys.tokens.get("@CERT_EXPIRED") ?? "",
      ...files,
    },
  });

describe("sealkit seal", () => {
  test.each([
    { name: "YAML stays YAML", line: "--cert cert.pem", stdin: SECRET, starts: "---\napiVersion" },
    {
      name: "JSON stays JSON",
      line: "--cert cert.pem",
      stdin: JSON.stringify(readManifests(SECRET).manifests[0]?.value),
      starts: '{\n  "kind"',
    },
    { name: "-o wins", line: "--cert cert.pem -o json", stdin: SECRET, starts: '{\n  "kind"' },
    { name: "scope", line: "--cert cert.pem --scope cluster-wide", stdin: SECRET, starts: "---" },
    { name: "a file", line: "--cert cert.pem s.yaml", stdin: "", starts: "---" },
    {
      name: "a List",
      line: "--cert cert.pem",
      stdin: `apiVersion: v1\nkind: List\nitems: [${JSON.stringify(readManifests(SECRET).manifests[0]?.value)}]\n`,
      starts: "---",
    },
  ])("$name", async ({ line, stdin, starts }) => {
    const result = await seal(line, stdin, { "s.yaml": SECRET });
    expect([result.code, result.stderr]).toEqual([0, ""]);
    expect(result.stdout.startsWith(starts)).toBe(true);
    const object = readManifests(result.stdout).manifests[0]?.value ?? null;
    const item = JSON.parse(JSON.stringify(object)).spec.encryptedData.user;
    expect(open(item, labelOf(object), keys)).toBe("admin");
  });

  test("many documents stay in order", async () => {
    const { stdout } = await seal("--cert cert.pem", `${SECRET}---\n${SECRET.replace("db", "db2")}`);
    const names = readManifests(stdout).manifests.map(({ value }) => JSON.parse(JSON.stringify(value)).metadata.name);
    expect(names).toEqual(["db", "db2"]);
  });

  test("with --age it is a SOPS manifest that opens again", async () => {
    const { name } = parseIdentity(generateX25519Identity());
    const { code, stdout } = await seal(`--age ${name}`, SECRET);
    expect(code).toBe(0);
    expect(stdout).toContain("kind: Secret");
    expect(stdout).toContain("ENC[AES256_GCM");
    expect(stdout).not.toContain("admin");
  });

  test.each([
    {
      name: "another kind",
      stdin: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
      stderr: /document 1 \(line 1\) stands a ConfigMap, and only Secrets/,
    },
    { name: "no object", stdin: "# nothing\n", stderr: /it holds no object/ },
    { name: "a scalar", stdin: "hello\n", stderr: /stands something without a kind/ },
    {
      name: "a key twice",
      stdin: `${SECRET}kind: Secret\n`,
      stderr: /line 5, column 1: the key "kind" is there twice \(first in line 2\)/,
    },
    { name: "a broken document", stdin: `${SECRET}---\na: [\n`, stderr: /line 7/ },
    { name: "a tab", stdin: "apiVersion: v1\n\tkind: Secret\n", stderr: /line 2/ },
    { name: "NUL", stdin: "a: \u0000\n", stderr: /Cannot read "standard input": line 1/ },
    { name: "invalid UTF-8", stdin: Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]), stderr: /UTF-8/ },
    { name: "deep nesting", stdin: `a: ${"[".repeat(10_000)}`, stderr: /deep/ },
    { name: "an alias bomb", stdin: bomb(), stderr: /Cannot read/ },
    { name: "a number as text", stdin: SECRET.replace("admin", "5"), stderr: /document 1 \(line 1\)\n.*stringData/ },
    {
      name: "bad base64",
      stdin: SECRET.replace("stringData", "data").replace("admin", `${CANARY}!`),
      stderr: /field data.user/,
    },
    { name: "no name", stdin: SECRET.replace("name: db, ", ""), stderr: /it has no name/ },
    { name: "no namespace", stdin: SECRET.replace(", namespace: apps", ""), stderr: /it has no namespace/ },
    { name: "another namespace", line: "-n other", stdin: SECRET, stderr: /it names another namespace/ },
    {
      name: "more than a cluster takes",
      stdin: SECRET.replace("admin", "a".repeat(1024 * 1024 + 1)),
      stderr: /larger than a cluster takes\n {2}in standard input, document 1 \(line 1\)\n.*1048577 bytes/,
    },
    { name: "no data", stdin: SECRET.replace("stringData: {user: admin}\n", ""), stderr: /it has no data/ },
    {
      name: "an expired certificate",
      line: "--cert expired.pem",
      stdin: SECRET,
      stderr: /expired on February 3, 2021/,
    },
    { name: "an EC certificate", line: "--cert ec.pem", stdin: SECRET, stderr: /Cannot .*RSA.*\n {2}in "ec.pem"\n/ },
    {
      name: "no certificate in the file",
      line: "--cert s.yaml",
      stdin: SECRET,
      stderr: /there is none in PEM form\n {2}in "s.yaml"\n/,
    },
    {
      name: "a missing certificate",
      line: "--cert none.pem",
      stdin: SECRET,
      stderr: /^error: Cannot read "none.pem": no such file/,
    },
    {
      name: "a certificate that is a folder",
      line: "--cert .",
      stdin: SECRET,
      stderr: /^error: Cannot read "\.": .*directory/,
    },
    {
      name: "a missing input",
      line: "none.yaml",
      stdin: "",
      stderr: /Cannot read "none.yaml": no such file or directory/,
    },
    { name: "a bad recipient", line: "--age age1nope", stdin: SECRET, stderr: /age1nope/ },
    {
      name: "no cluster",
      line: "",
      noCert: true,
      stdin: SECRET,
      stderr: /Cannot find a cluster[\s\S]*hint:/,
    },
  ])("$name: one error, nothing on stdout", async ({ line = "", noCert = false, stdin, stderr }) => {
    const certificate = noCert || line.includes("--cert") || line.includes("--age") ? "" : "--cert cert.pem ";
    const result = await seal(`${certificate}${line}`, stdin, { "s.yaml": SECRET });
    expect(result.stderr).toMatch(stderr);
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toMatch(/^error: /);
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(result.stderr).not.toContain(CANARY);
  });

  test("a cluster that cannot be asked is told in our own words", async () => {
    const kubeconfig = [
      "apiVersion: v1\nkind: Config\ncurrent-context: c",
      "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]",
      "contexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u}]\n",
    ].join("\n");
    const { code, stderr } = await runCli("seal --kubeconfig kc", { stdin: SECRET, files: { kc: kubeconfig } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Cannot fetch the certificate to seal with\n {2}cannot get sealed secret service: /);
    expect(stderr).not.toContain("Please");
    expect(stderr).toContain("hint: without the cluster: keep its certificate");
  });

  test("--age and --cert together are refused", async () => {
    const { code, stderr } = await seal("--age age1x --cert cert.pem", SECRET);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--age and --cert do not go together")]);
  });

  test("a failing write leaves the old file", async () => {
    const { code, stderr, files } = await seal("--cert cert.pem -w none/out.yaml", SECRET, { "out.yaml": "old" });
    expect([code, files["out.yaml"]?.text]).toEqual([1, "old"]);
    expect(stderr).toContain('Cannot write "none/out.yaml": no such file or directory');
  });
});

function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let at = 1; at < 12; at++)
    lines.push(
      `a${at}: &a${at} [${Array(9)
        .fill(`*a${at - 1}`)
        .join(", ")}]`,
    );
  return `${lines.join("\n")}\n`;
}
