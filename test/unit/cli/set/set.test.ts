import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readHints } from "../../../../src/secrets/index.ts";
import { readManifests } from "../../../../src/yaml/index.ts";
import { type CaseKeys, caseKeys, labelOf, open } from "../../../helpers/kubeseal/cases.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";

let keys: CaseKeys;
let sealed: string;
beforeAll(async () => {
  keys = await caseKeys(async () => "");
  const secret =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: apps}\nstringData: {user: admin, pass: old}\n";
  const { stdout } = await runCli("seal --cert cert.pem --no-hints", {
    stdin: secret,
    files: { "cert.pem": keys.certificate },
  });
  // A file as people keep it.
  sealed = `# the database\n${stdout.replace("---\n", "").replace("spec:", "spec: # sealed").replaceAll("\n", "\r\n")}`;
});

const run = (line: string | readonly string[], more: CliRun = {}) =>
  runCli(line, {
    ...more,
    files: {
      "cert.pem": keys.certificate,
      "expired.pem": keys.tokens.get("@CERT_EXPIRED") ?? "",
      "sealed.yaml": sealed,
      ...more.files,
    },
  });

const objectOf = (text: string, document = 0) =>
  JSON.parse(JSON.stringify(readManifests(text).manifests[document]?.value));
const opened = (text: string, document = 0) => {
  const object = objectOf(text, document);
  const entries = Object.entries<string>(object.spec.encryptedData);
  return Object.fromEntries(entries.map(([key, item]) => [key, open(item, labelOf(object), keys)]));
};

describe("sealkit set", () => {
  test("changes, adds and removes items, and no other line", async () => {
    const { code, stderr, stdout, files } = await run(
      "set sealed.yaml pass=new token=@token --unset user --cert cert.pem",
      {
        files: { token: Uint8Array.of(0, 255, 10, 1) },
      },
    );
    expect([code, stderr, stdout]).toEqual([0, "Set pass, token; Removed user in apps/db (sealed.yaml)\n", ""]);
    const after = files["sealed.yaml"]?.text ?? "";
    expect(Object.keys(opened(after))).toEqual(["pass", "token"]);
    expect(opened(after)["pass"]).toBe("new");
    const lines = (text: string) => text.split("\r\n").filter((line) => !/^ {4}(pass|user|token):/.test(line));
    expect(lines(after).filter((line) => !/annotations:|sealkit.dev/.test(line))).toEqual(lines(sealed));
  });

  test("notes in the hints for which key it sealed, and nothing of items that it did not seal", async () => {
    const { files } = await run("set sealed.yaml pass=new --cert cert.pem");
    const after = files["sealed.yaml"]?.text ?? "";
    const hints = readHints(objectOf(after).metadata.annotations["sealkit.dev/hints"]);
    expect([...hints.keys()]).toEqual(["pass"]);
    expect(objectOf(after).spec.template.metadata.annotations).toBeUndefined();
    const again = await run("set sealed.yaml pass=newer --no-hints --cert cert.pem", {
      files: { "sealed.yaml": after },
    });
    expect(again.files["sealed.yaml"]?.text).not.toContain("hints: v1");
    expect(opened(again.files["sealed.yaml"]?.text ?? "")).toEqual({ pass: "newer", user: "admin" });
  });

  test("reads a value from stdin, and leaves its line end out when asked to", async () => {
    const kept = await run("set sealed.yaml pass=- --cert cert.pem", { stdin: "x\n" });
    expect(kept.stderr).toContain(
      "warning: the value of pass ends in a line end, which is sealed too; --trim leaves it out",
    );
    expect(opened(kept.files["sealed.yaml"]?.text ?? "")["pass"]).toBe("x\n");
    const trimmed = await run("set sealed.yaml pass=- --trim --cert cert.pem", { stdin: "x\r\n" });
    expect(opened(trimmed.files["sealed.yaml"]?.text ?? "")["pass"]).toBe("x");
  });

  test("seals for the scope of the object, and finds it by number or name", async () => {
    const wide = sealed
      .replace(
        "namespace: apps\r\nspec",
        'namespace: apps\r\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: "true"}\r\nspec',
      )
      .replace("name: db", "name: wide");
    const files = { "sealed.yaml": `kind: ConfigMap\n---\n${sealed}---\n${wide}` };
    for (const choice of ["3", "wide", "apps/wide"]) {
      const result = await run(`set sealed.yaml pass=new -d ${choice} --cert cert.pem`, { files });
      expect(result.code).toBe(0);
      const after = result.files["sealed.yaml"]?.text ?? "";
      expect(open(objectOf(after, 2).spec.encryptedData.pass, "", keys)).toBe("new");
      expect(opened(after, 1)["pass"]).toBe("old");
    }
    const unclear = await run("set sealed.yaml pass=new --cert cert.pem", { files });
    expect([unclear.code, unclear.stderr]).toEqual([
      1,
      'error: Cannot choose a SealedSecret of "sealed.yaml": it holds 2 SealedSecrets\n' +
        "  document 2 (line 4): apps/db\n  document 3 (line 19): apps/wide\nhint: choose one: --document apps/db\n",
    ]);
  });

  test("replaces what a link names, not the link, and keeps its mode", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-set-"));
    try {
      writeFileSync(join(cwd, "real.yaml"), sealed);
      chmodSync(join(cwd, "real.yaml"), 0o640);
      symlinkSync("real.yaml", join(cwd, "link.yaml"));
      expect((await run("set link.yaml pass=new --cert cert.pem", { cwd })).code).toBe(0);
      expect(lstatSync(join(cwd, "link.yaml")).isSymbolicLink()).toBe(true);
      expect(statSync(join(cwd, "real.yaml")).mode & 0o777).toBe(0o640);
      expect(opened(readFileSync(join(cwd, "real.yaml"), "utf8"))["pass"]).toBe("new");
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  test("changes what comes in on stdin", async () => {
    const { code, stdout } = await run("set - pass=new --cert cert.pem", { stdin: sealed });
    expect([code, opened(stdout)["pass"]]).toEqual([0, "new"]);
  });

  test("reaches into a List", async () => {
    const inner = JSON.stringify(objectOf(sealed));
    const list = `apiVersion: v1\nkind: List\nitems:\n- {kind: ConfigMap} # first\n- ${inner}\n`;
    const { code, files } = await run("set sealed.yaml pass=new -d apps/db --cert cert.pem", {
      files: { "sealed.yaml": list },
    });
    const after = files["sealed.yaml"]?.text ?? "";
    const [, object] = objectOf(after).items;
    expect([code, open(object.spec.encryptedData.pass, labelOf(object), keys)]).toEqual([0, "new"]);
    expect(object.spec.encryptedData.user).toBe(objectOf(sealed).spec.encryptedData.user);
    expect(after).toContain("- {kind: ConfigMap} # first\n");
  });

  test("asks for no certificate when it only removes; keeps the mode of the file; writes elsewhere", async () => {
    const { code, stdout, files } = await run("set sealed.yaml --unset user -w -");
    expect(code).toBe(0);
    expect(Object.keys(opened(stdout))).toEqual(["pass"]);
    expect(files["sealed.yaml"]?.text).toBe(sealed);
  });

  test("warns that an immutable Secret takes no new values", async () => {
    const files = { "sealed.yaml": sealed.replace("template:", "template:\r\n    immutable: true") };
    const { stderr } = await run("set sealed.yaml pass=x --cert cert.pem", { files });
    expect(stderr).toContain("warning: the Secret is immutable");
  });

  test.each([
    { name: "nothing to do", line: "set sealed.yaml", code: 2, why: "no item is named" },
    { name: "a word without =", line: "set sealed.yaml canary-1", code: 2, why: "has to be key=value" },
    { name: "an empty key", line: "set sealed.yaml =canary-1", code: 2, why: "has to be key=value" },
    { name: "a key twice", line: "set sealed.yaml a=1 a=2", code: 2, why: 'the key "a" is there twice' },
    { name: "stdin twice", line: "set sealed.yaml a=- b=-", code: 2, why: "both want the value on stdin" },
    { name: "stdin as file and value", line: "set - a=-", code: 2, why: "stdin cannot be the file and a value" },
    { name: "set and removed", line: "set sealed.yaml user=1 --unset user", code: 2, why: "cannot be set and removed" },
    {
      name: "a key that no Secret takes",
      line: "set sealed.yaml a/b=canary-1 --cert cert.pem",
      code: 1,
      why: "takes no such key",
    },
    { name: "two dots", line: "set sealed.yaml ..=canary-1 --cert cert.pem", code: 1, why: "takes no such key" },
    { name: "an item that is not there", line: "set sealed.yaml --unset nope", code: 1, why: "its items: pass, user" },
    {
      name: "an item that is not there, before any cluster is asked",
      line: "set sealed.yaml a=1 --unset nope",
      code: 1,
      why: "has no such item",
    },
    { name: "no file", line: "set none.yaml a=1", code: 1, why: 'Cannot read "none.yaml"' },
    { name: "no value file", line: "set sealed.yaml a=@none", code: 1, why: 'Cannot read "none"' },
    { name: "no certificate", line: "set sealed.yaml a=1 --cert none.pem", code: 1, why: 'Cannot read "none.pem"' },
    { name: "an expired certificate", line: "set sealed.yaml a=1 --cert expired.pem", code: 1, why: "it has expired" },
    {
      name: "another key than the pinned one",
      line: `set sealed.yaml a=1 --cert cert.pem --cert-fingerprint SHA256:${"A".repeat(43)}`,
      code: 1,
      why: "its key is another one",
    },
    { name: "no such document", line: "set sealed.yaml a=1 -d 7", code: 1, why: '"7" is none of its SealedSecrets' },
  ])("refuses $name, and touches nothing", async ({ line, code, why }) => {
    const result = await run(line);
    expect(result.stderr).toContain(why);
    expect(result.stderr).not.toContain("canary-1");
    expect([result.code, result.stdout, result.files["sealed.yaml"]?.text]).toEqual([code, "", sealed]);
  });

  test.each([
    { name: "a Secret", text: "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", why: "it holds no SealedSecret" },
    { name: "an empty file", text: "", why: "it holds no SealedSecret" },
    { name: "no YAML", text: "a: [\n", why: "Cannot read" },
    { name: "no UTF-8", text: Uint8Array.of(0xff, 0xfe, 0x61, 0), why: "it is not UTF-8" },
    {
      name: "a strict one without a namespace",
      text: "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec: {encryptedData: {}}\n",
      why: "it has no namespace",
    },
    {
      name: "one of the format before 0.6",
      text: "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a, namespace: b}\nspec: {data: AQAA}\n",
      why: "it uses the deprecated field spec.data",
    },
    {
      name: "an alias in the way, with its line",
      text: "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a, namespace: b}\nspec: &s {encryptedData: {}}\nx: *s\n",
      why: 'Cannot edit "sealed.yaml": line 4, column 10: an alias in line 5 repeats what stands here',
    },
  ])("refuses $name as the file", async ({ text, why }) => {
    const result = await run("set sealed.yaml a=1 --cert cert.pem", { files: { "sealed.yaml": text } });
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toContain(why);
  });

  test("refuses what makes the Secret larger than a cluster takes", async () => {
    const result = await run("set sealed.yaml a=@big --cert cert.pem", { files: { big: "x".repeat(1024 * 1024) } });
    expect([result.code, result.stderr.split("\n")[0]]).toEqual([
      1,
      "error: Cannot seal Secret: it is larger than a cluster takes",
    ]);
  });
});
