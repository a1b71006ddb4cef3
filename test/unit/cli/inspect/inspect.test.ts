import { beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../../../src/x509/index.ts";
import { type CaseKeys, caseKeys } from "../../../helpers/kubeseal/cases.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";

const secret = (name: string, namespace: string, scope = "") =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: ${namespace}${
    scope === "" ? "" : `, annotations: {sealedsecrets.bitnami.com/${scope}: "true"}`
  }}\nstringData: {pass: canary-77}\n`;

let keys: CaseKeys;
const sealed = new Map<string, string>();
beforeAll(async () => {
  keys = await caseKeys(async () => "");
  const stdin = [
    secret("db", "team-a"),
    secret("db", "team-a", "namespace-wide"),
    secret("db", "team-a", "cluster-wide"),
  ];
  const { stdout } = await runCli("seal --cert cert.pem", {
    stdin: stdin.join("---\n"),
    files: { "cert.pem": keys.certificate },
  });
  const [, strict = "", wide = "", all = ""] = stdout.split("---\n");
  sealed.set("strict", strict).set("wide", wide).set("all", all);
});

const text = (name: string) => sealed.get(name) ?? "";
const withoutScope = (manifest: string) =>
  manifest.replaceAll(/ +sealedsecrets.bitnami.com.*\n/g, "").replaceAll("annotations:\n  name", "name");
const run = (line: string, files: CliRun["files"] = {}) =>
  runCli(`inspect ${line}`, {
    files: {
      "key.pem": keys.tokens.get("@KEY") ?? "",
      "other.pem": keys.tokens.get("@KEY_OTHER") ?? "",
      "cert.pem": keys.certificate,
      ...files,
    },
  });
const items = async (line: string, files: CliRun["files"] = {}) => {
  const { stdout, code } = await run(`${line} -o json`, files);
  const reports: { name: string; items: Record<string, unknown>[] }[] = JSON.parse(stdout);
  return { code, items: reports.flatMap((report) => report.items), reports };
};

describe("sealkit inspect", () => {
  test("tells sizes, scope and what hints claim without any key", async () => {
    const { fingerprint } = readCertificate(keys.certificate);
    const short = `${fingerprint.slice(0, 11)}…${fingerprint.slice(-4)}`;
    const { code, stdout } = await run("s.yaml", { "s.yaml": `${text("strict")}---\n${text("wide")}` });
    const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(code).toBe(0);
    expect(lines.slice(0, 3)).toEqual([
      ["OBJECT", "SCOPE", "ITEM", "BITS", "BYTES", "KEY", "STATE"],
      ["team-a/db", "strict", "pass", "2048", "9", `claims ${short}`],
      ["team-a/db", "namespace-wide", "pass", "2048", "9", `claims ${short}`],
    ]);
    expect(stdout).not.toContain("canary");
  });

  test("--output is another name of --format", async () => {
    const files = { "s.yaml": text("strict") };
    const [format, output] = [await run("s.yaml --format json", files), await run("s.yaml --output json", files)];
    expect(JSON.parse(format.stdout)).toHaveLength(1);
    expect(output.stdout).toBe(format.stdout);
  });

  test("compares with a certificate, by size and claim", async () => {
    const plain = text("strict").replace(/ +annotations:\n.*\n/, "");
    const files = { "s.yaml": text("strict"), "plain.yaml": plain };
    const { stdout } = await run("s.yaml plain.yaml --cert cert.pem", files);
    expect(stdout.match(/claims this certificate|may be for this certificate/g)).toEqual([
      "claims this certificate",
      "may be for this certificate",
    ]);
  });

  test("a hint of another ciphertext says nothing", async () => {
    const stale = text("strict").replace(/pass=[0-9a-f]{12}/, "pass=000000000000");
    const { items: found } = await items("s.yaml", { "s.yaml": stale });
    expect(found).toEqual([{ item: "pass", bits: 2048, bytes: 9, hintIsStale: true }]);
  });

  test("names the key that opens each item", async () => {
    const { code, items: found } = await items("s.yaml -k key.pem", { "s.yaml": text("all") });
    expect(code).toBe(0);
    expect(found[0]).toMatchObject({
      opens: true,
      keyName: "key.pem",
      key: readCertificate(keys.certificate).fingerprint,
    });
  });

  test.each([
    {
      name: "for its namespace, without the annotation",
      file: () => withoutScope(text("wide")),
      want: { scope: "namespace-wide", namespace: "team-a" },
    },
    {
      name: "for any place, without the annotation",
      file: () => withoutScope(text("all")),
      want: { scope: "cluster-wide" },
    },
    {
      name: "strict, with an annotation that was added later",
      file: () =>
        text("strict").replace(
          "  annotations:\n",
          '  annotations:\n    sealedsecrets.bitnami.com/namespace-wide: "true"\n',
        ),
      want: { scope: "strict", namespace: "team-a", name: "db" },
    },
    {
      name: "for the names that its template still has",
      file: () => text("strict").replace("name: db\n  namespace: team-a", "name: new\n  namespace: b"),
      want: { scope: "strict", namespace: "team-a", name: "db" },
    },
    {
      name: "for a neighbour of the same folder",
      file: () => text("strict").replaceAll("name: db", "name: new").replaceAll("team-a", "team-b"),
      want: { scope: "strict", namespace: "team-a", name: "db" },
    },
    {
      name: "for the namespace of a neighbour",
      file: () => text("wide").replaceAll("team-a", "team-b"),
      want: { scope: "namespace-wide", namespace: "team-a" },
    },
  ])("finds what was sealed $name", async ({ file, want }) => {
    const files = { "d/moved.yaml": file(), "d/z.yaml": text("strict") };
    const { code, reports } = await items("d -k key.pem", files);
    expect(code).toBe(1);
    expect(reports[0]?.items[0]).toMatchObject({ opens: false, sealedFor: want });
    const { stdout } = await run("d -k key.pem", files);
    expect(stdout).toMatch(/sealed for (team-a\/db \(strict\)|namespace-wide in team-a|cluster-wide)/);
  });

  test("tries the names that it is told", async () => {
    const moved = { "s.yaml": text("strict").replaceAll("name: db", "name: new").replaceAll("team-a", "team-b") };
    const without = await items("s.yaml -k key.pem", moved);
    expect(without.items[0]).toMatchObject({ opens: false });
    expect(without.items[0]?.["sealedFor"]).toBeUndefined();
    const { items: found } = await items("s.yaml -k key.pem --try-namespace team-a --try-name db", moved);
    expect(found[0]).toMatchObject({ sealedFor: { scope: "strict", namespace: "team-a", name: "db" } });
  });

  test("stops looking after so many places, and says so", async () => {
    const moved = { "s.yaml": text("strict").replaceAll("name: db", "name: new") };
    const { stdout } = await run("s.yaml -k key.pem --try-name a --try-name db --max-places 2", moved);
    expect(stdout).toContain("no key opens it (3 places tried, more were left)");
  });

  test.each([
    { name: "no base64", value: "'!'", why: "damaged: it is not base64 (byte 0)" },
    { name: "a number", value: "5", why: "damaged: it is no text" },
    { name: "cut off", value: "AQAA", why: "damaged: it is cut off" },
    {
      name: "something else",
      value: Buffer.alloc(300).toString("base64"),
      why: "damaged: it does not begin as a sealed item",
    },
  ])("tells of an item that is $name", async ({ value, why }) => {
    const broken = text("strict").replace(/pass: A.*/, `pass: ${value}`);
    const { code, stdout } = await run("s.yaml -k key.pem", { "s.yaml": broken });
    expect(code).toBe(1);
    expect(stdout).toContain(why);
  });

  test.each([
    { name: "no file", line: "none.yaml", code: 1, why: 'Cannot read "none.yaml"' },
    { name: "no usable key", line: "s.yaml -k cert.pem", code: 1, why: "there is no usable private key" },
    { name: "no certificate", line: "s.yaml --cert none.pem", code: 1, why: 'Cannot read "none.pem"' },
    { name: "a form that is not there", line: "s.yaml -o xml", code: 2, why: "it is none of table, wide, json, yaml" },
  ])("refuses $name", async ({ line, code, why }) => {
    const result = await run(line, { "s.yaml": text("strict") });
    expect([result.code, result.stdout]).toEqual([code, ""]);
    expect(result.stderr).toContain(why);
  });

  test("a folder without any, and with a broken file", async () => {
    const { code, stdout, stderr } = await run("d", {
      "d/a.yaml": "kind: ConfigMap\n",
      "d/b.yaml": "SealedSecret: [\n",
    });
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/warning: "d\/b.yaml" is passed over: line [0-9]+.*\nNo SealedSecret found\n/);
  });
});
