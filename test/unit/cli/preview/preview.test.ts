import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../../src/age/index.ts";
import { type CaseKeys, caseKeys } from "../../../helpers/kubeseal/cases.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const CANARY = "canary-51c0ffee";
const SECRET = `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: default}\nstringData: {user: ${CANARY}}\n`;
const CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: default}\ndata: {a: b}\n";

const identity = generateX25519Identity();
const recipient = parseIdentity(identity).name;
const env = { PATH: process.env["PATH"] ?? "" };

describe("sealkit preview", () => {
  let sops: string;
  let sealed: string;
  let keys: CaseKeys;
  let keyFile: string;
  beforeAll(async () => {
    sops = (await runCli(`seal --age ${recipient}`, { stdin: SECRET })).stdout;
    keys = await caseKeys(async () => "");
    const files = { c: keys.certificate };
    sealed = (await runCli("seal --cert c", { stdin: SECRET.replace("name: db", "name: sealed"), files })).stdout;
    const data = { "tls.crt": Buffer.from(keys.certificate), "tls.key": Buffer.from(keys.privateKeyPem) };
    keyFile = `apiVersion: v1\nkind: Secret\nmetadata: {name: k, namespace: kube-system, labels: {sealedsecrets.bitnami.com/sealed-secrets-key: active}}\ndata:\n${Object.entries(
      data,
    )
      .map(([name, bytes]) => `  ${name}: ${bytes.toString("base64")}\n`)
      .join("")}`;
  });

  test("prints what the cluster would hold, Secrets masked", async () => {
    const files = {
      "fleet/web.yaml": CONFIG,
      "fleet/db.yaml": sops,
      "fleet/sealed.yaml": sealed,
      key: identity,
      keys: keyFile,
    };
    const result = await runCli("preview fleet --age-key-file key --sealing-keys keys", { files, env });
    expect([result.code, result.stderr]).toEqual([0, ""]);
    expect(result.stdout).toContain("kind: ConfigMap");
    expect(result.stdout.match(/user: '\[redacted, 15 bytes\]'/g)).toHaveLength(2);
    expect(result.stdout).not.toContain(CANARY);
    expect(result.stdout).not.toMatch(/managedFields|resourceVersion|kustomize.toolkit/);
  });

  test("a link that leads out of the folder is left out, and that is said", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-preview-"));
    try {
      mkdirSync(join(cwd, "fleet"));
      symlinkSync("/etc/passwd", join(cwd, "fleet/p.yaml"));
      writeFileSync(
        join(cwd, "fleet/a.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n",
      );
      const result = await runCli("preview fleet -o name", { cwd, env });
      expect(result.stdout).toBe("configmap/default/a\n");
      expect(result.stderr).toContain(
        "warning: symbolic links are not in the artifact: p.yaml (leads out of the tree)",
      );
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  test("values on request, names for programs, and SealedSecrets without keys are told", async () => {
    const files = { "fleet/db.yaml": sops, "fleet/sealed.yaml": sealed, key: identity };
    const shown = await runCli("preview fleet --age-key-file key --show-values", { files, env });
    expect(shown.stdout).toContain(Buffer.from(CANARY).toString("base64"));
    expect(shown.stderr).toContain("warning: 1 SealedSecrets stay closed: name the cluster's keys");
    const names = await runCli("preview fleet --age-key-file key -o name", { files, env });
    expect(names.stdout).toBe("secret/default/db\nsealedsecret/default/sealed\n");
  });

  test.each([
    {
      name: "a folder that is not there",
      line: "preview none",
      stderr: /Cannot preview "none": there is no such folder/,
    },
    { name: "a file", line: "preview fleet/web.yaml", stderr: /it is no folder/ },
    { name: "a path that is not there", line: "preview fleet --path apps", stderr: /Kustomization failed[\s\S]*apps/ },
    {
      name: "no key",
      line: "preview fleet --path secret",
      stderr: /Kustomization failed[\s\S]*hint: name the key that opens it/,
    },
    {
      name: "a backup without its identity",
      line: "preview fleet --sealing-keys backup",
      stderr: /Cannot open "backup": it is encrypted.*\nhint: sealkit preview fleet --sealing-keys backup -i IDENTITY/,
      code: 2,
    },
    {
      name: "an altered value, though its key was named",
      line: "preview fleet --path altered --age-key-file key",
      stderr: /Cannot decrypt stringData.user of "altered\/db.yaml"(?![\s\S]*--age-key-file)/,
    },
    { name: "a broken manifest", line: "preview fleet --path broken", stderr: /Kustomization failed[\s\S]*broken/ },
    {
      name: "a namespace that is not there",
      line: "preview fleet --path ns",
      stderr: /hint: .*--create-namespace apps/,
    },
    {
      name: "a key file that is none",
      line: "preview fleet --age-key-file fleet/web.yaml",
      stderr: /^error: .*\n {2}in "fleet\/web.yaml"/,
    },
    {
      name: "a repository that is not there",
      line: "preview http://127.0.0.1:1/x.git",
      stderr: /GitRepository failed/,
    },
  ])("$name: the controller's error and its exit code", async ({ line, stderr, code = 1 }) => {
    const files = {
      key: identity,
      backup: "age-encryption.org/v1\n",
      "fleet/altered/db.yaml": sops.replace(/(user: ENC\[AES256_GCM,data:)../, "$1zz"),
      "fleet/web.yaml": CONFIG,
      "fleet/secret/db.yaml": sops,
      "fleet/broken/a.yaml": "a: [\n",
      "fleet/ns/web.yaml": CONFIG.replace("default", "apps"),
    };
    const result = await runCli(line, { files, env });
    expect(result.stderr).toMatch(stderr);
    expect([result.code, result.stdout]).toEqual([code, ""]);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  test("a missing namespace can be made first", async () => {
    const files = { "fleet/web.yaml": CONFIG.replace("default", "apps") };
    const { code, stdout } = await runCli("preview fleet --create-namespace apps -o name", { files, env });
    expect([code, stdout]).toEqual([0, "configmap/apps/web\n"]);
  });
});
