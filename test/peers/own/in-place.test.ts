import { beforeAll, describe, expect, test } from "vitest";
import { readManifests } from "../../../src/yaml/index.ts";
import { type CaseKeys, caseKeys } from "../../helpers/kubeseal/cases.ts";
import { runPeer } from "../../helpers/peer-cli.ts";
import { runCli } from "../../helpers/run-cli.ts";

/** What our own commands change in files that kubeseal made, kubeseal opens; and everything else is as it was. */

const SCOPES = ["strict", "namespace-wide", "cluster-wide"] as const;
const FORMATS = ["yaml", "json"] as const;
const ROWS = SCOPES.flatMap((scope) => FORMATS.map((format) => ({ scope, format })));

let keys: CaseKeys;
let files: Record<string, string>;
beforeAll(async () => {
  keys = await caseKeys(async () => "");
  files = { "cert.pem": keys.certificate, "key.pem": keys.privateKeyPem };
});

const json = (text: string) => JSON.parse(JSON.stringify(readManifests(text).manifests[0]?.value));

/** What kubeseal makes of a SealedSecret. */
async function recovered(sealed: string): Promise<Record<string, string>> {
  const args = ["--recovery-unseal", "--recovery-private-key", "key.pem", "-f", "in", "-o", "json"];
  const result = await runPeer("kubeseal", args, { files: { ...files, in: sealed } });
  expect([result.code, result.stderr]).toEqual([0, ""]);
  const entries = Object.entries<string | null>(JSON.parse(result.stdout).data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value ?? "", "base64").toString("utf8")]));
}

async function sealedByKubeseal(scope: string, format: string): Promise<string> {
  const data = { user: "admin", pass: "old päss", "tls.key": "a\nb\n", empty: "" };
  const stdin = JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "db", namespace: "apps", labels: { app: "x" } },
    stringData: data,
  });
  const args = ["--cert", "cert.pem", "--scope", scope, "-o", format];
  const result = await runPeer("kubeseal", args, { files, stdin });
  expect(result.code).toBe(0);
  return result.stdout;
}

describe("our own commands on files of kubeseal", () => {
  test.each(ROWS)("set: $scope, $format", async ({ scope, format }) => {
    const before = await sealedByKubeseal(scope, format);
    const result = await runCli("set sealed pass=new token=- --unset empty --cert cert.pem", {
      files: { ...files, sealed: before },
      stdin: "\u0000🔐\n",
    });
    expect(result.code, result.stderr).toBe(0);
    const after = result.files["sealed"]?.text ?? "";
    const [was, is] = [json(before), json(after)];
    for (const item of ["user", "tls.key"]) expect(is.spec.encryptedData[item]).toBe(was.spec.encryptedData[item]);
    expect(is.spec.template).toEqual(was.spec.template);
    expect(await recovered(after)).toEqual({ user: "admin", pass: "new", "tls.key": "a\nb\n", token: "\u0000🔐\n" });
    const touched = /"?(pass|token|empty|annotations|sealkit\.dev\/hints)"?:|^ *\},?$/;
    const untouched = (text: string) =>
      text
        .split("\n")
        .filter((line) => !touched.test(line))
        .map((line) => line.replace(/,$/, ""));
    expect(untouched(after)).toEqual(untouched(before));
  });

  test.each(ROWS)("edit: $scope, $format", async ({ scope, format }) => {
    const before = await sealedByKubeseal(scope, format);
    const env = { PATH: process.env["PATH"] ?? "", EDITOR: "sed -i -e s/admin/root/ -e '/^  pass:/d'" };
    const result = await runCli("edit sealed -k key.pem --cert cert.pem", { env, files: { ...files, sealed: before } });
    expect([result.code, result.stderr]).toEqual([0, "Changed user; Removed pass in apps/db (sealed)\n"]);
    const after = result.files["sealed"]?.text ?? "";
    expect(await recovered(after)).toEqual({ user: "root", "tls.key": "a\nb\n", empty: "" });
    expect(json(after).spec.encryptedData["tls.key"]).toBe(json(before).spec.encryptedData["tls.key"]);
  });

  test.each(ROWS)(
    "unseal prints what kubeseal recovers, but for the owner: $scope, $format",
    async ({ scope, format }) => {
      const sealed = (await sealedByKubeseal(scope, "yaml")).replace(
        "  template:\n",
        "  template:\n    data:\n      conf: 'user={{ .user | upper }}'\n",
      );
      const args = ["--recovery-unseal", "--recovery-private-key", "key.pem", "-o", format];
      const theirs = await runPeer("kubeseal", args, { files, stdin: sealed });
      const ours = await runCli(`unseal -k key.pem -o ${format}`, { files, stdin: sealed });
      expect([theirs.code, ours.code]).toEqual([0, 0]);
      const wanted = json(theirs.stdout);
      delete wanted.metadata.ownerReferences;
      wanted.data.empty = "";
      expect(json(ours.stdout)).toEqual(wanted);
      expect(wanted.data.conf).toBe(btoa("user=ADMIN"));
    },
  );

  test("inspect knows the key of every item, and what a moved one was sealed for", async () => {
    for (const scope of SCOPES) {
      const sealed = await sealedByKubeseal(scope, "yaml");
      const good = await runCli("inspect - -k key.pem -o json", { files, stdin: sealed });
      expect([good.code, JSON.parse(good.stdout)[0].items.map((item: { opens: boolean }) => item.opens)]).toEqual([
        0,
        [true, true, true, true],
      ]);
      const moved = sealed
        .replace("namespace: apps", "namespace: other")
        .replaceAll(/ +sealedsecrets.bitnami.com.*: "true"\n/g, "");
      const bad = await runCli("inspect - -k key.pem -o json", { files, stdin: moved });
      expect(JSON.parse(bad.stdout)[0].items[0].sealedFor).toEqual(
        {
          strict: { scope, namespace: "apps", name: "db" },
          "namespace-wide": { scope, namespace: "apps" },
          "cluster-wide": { scope },
        }[scope],
      );
    }
  });

  test("a folder that we seal, kubeseal opens document by document", async () => {
    const secret = (name: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: apps}\nstringData: {pass: p-${name}}\n`;
    const { code, files: after } = await runCli("seal repo --in-place --cert cert.pem", {
      files: {
        ...files,
        "repo/a.yaml": `${secret("a")}---\nkind: ConfigMap\n---\n${secret("b")}`,
        "repo/x/c.yaml": secret("c"),
      },
    });
    expect(code).toBe(0);
    const documents = [...(after["repo/a.yaml"]?.text ?? "").split("---\n"), after["repo/x/c.yaml"]?.text ?? ""];
    const sealed = documents.filter((text) => text.includes("SealedSecret"));
    expect(await Promise.all(sealed.map(recovered))).toEqual([{ pass: "p-a" }, { pass: "p-b" }, { pass: "p-c" }]);
  });

  test("kubeseal merges into a file with hints, which then claim nothing of the new item", async () => {
    const stdin =
      "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: apps}\nstringData: {pass: a, user: b}\n";
    const made = await runCli("seal --cert cert.pem", { files, stdin });
    const args = ["--cert", "cert.pem", "--merge-into", "sealed", "-o", "yaml"];
    const merged = await runPeer("kubeseal", args, {
      files: { ...files, sealed: made.stdout },
      stdin: stdin.replace("pass: a, user: b", "pass: c"),
    });
    expect(merged.code).toBe(0);
    const text = merged.files["sealed"]?.text ?? "";
    const { stdout } = await runCli("inspect sealed -o json", { files: { sealed: text } });
    const [pass, user] = JSON.parse(stdout)[0].items;
    expect([pass.hintIsStale, pass.claimedKey, typeof user.claimedKey]).toEqual([true, undefined, "string"]);
    expect(await recovered(text)).toEqual({ pass: "c", user: "b" });
  });
});
