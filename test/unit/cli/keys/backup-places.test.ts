import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../../../cli/sandbox/whole-cluster.ts";
import { generateX25519Identity, parseIdentity } from "../../../../src/age/index.ts";
import { type ObjectStore, startObjectStore } from "../../../helpers/fakes/object-store.ts";
import { REGISTRY_PASSWORD, REGISTRY_USER, startRegistry } from "../../../helpers/fakes/registry.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const identity = generateX25519Identity();
const recipient = parseIdentity(identity).name;

describe("sealkit keys backup to a bucket, a registry and a plain file", () => {
  let cluster: WholeCluster;
  let store: ObjectStore;
  let logins = "";

  const keys = (line: string, more: Record<string, string> = {}) =>
    runCli(`keys ${line}`, {
      files: { kc: cluster.sandbox.kubeconfig(), id: identity, logins, ...more },
      env: {
        KUBECONFIG: "kc",
        AWS_ENDPOINT_URL: `http://127.0.0.1:${store.port}`,
        AWS_REGION: "eu-central-1",
        AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
        AWS_SECRET_ACCESS_KEY: "canary-secret",
      },
    });

  beforeAll(async () => {
    store = await startObjectStore();
    const auth = Buffer.from("ann:hunter2").toString("base64");
    logins = JSON.stringify({ auths: { [`127.0.0.1:${store.port}`]: { auth } } });
    cluster = await startWholeCluster({ settings: { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 } });
    await cluster.controllers.ready;
  }, 60_000);
  afterAll(async () => {
    await cluster.close();
    await store.close();
  });

  test.each([
    { name: "a bucket", place: () => "s3://backups/prod/keys.age", more: "" },
    {
      name: "a registry",
      place: () => `oci://127.0.0.1:${store.port}/team/keys:prod`,
      more: "--registry-config logins",
    },
  ])("$name: what goes in comes out, encrypted", async ({ place, more }) => {
    const made = await keys(`backup -r ${recipient} -o ${place()} ${more}`);
    expect([made.code, made.stderr]).toEqual([
      0,
      expect.stringContaining("Backed up 1 sealing key for 1 recipient\nIt is sha256:"),
    ]);
    const stored = [...store.objects.values()].map(String).join("\n");
    expect(stored).toContain("BEGIN AGE ENCRYPTED FILE");
    expect(stored).not.toContain("kind: Secret");
    const verified = await keys(`verify -i id ${place()} --cluster ${more}`);
    expect([verified.code, verified.stderr]).toEqual([0, "The backup opens all 0 values\n"]);
    const plan = await keys(`restore -i id ${place()} --dry-run ${more}`);
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringMatching(/^keep +sealing key /m)]);
    const again = await keys(`backup -r ${recipient} -o ${place()} ${more}`);
    expect(again.code).toBe(0);
  });

  test("a registry that answers wrongly, or another login, is told without the password", async () => {
    const place = `oci://127.0.0.1:${store.port}/team/keys:prod`;
    const stranger = await keys(`verify -i id ${place} --cluster`);
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining("the registry gives no token")]);
    store.failWith = 500;
    const broken = await keys(`backup -r ${recipient} -o ${place} --registry-config logins`);
    store.failWith = undefined;
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining("the registry answers 500 to HEAD")]);
    expect(stranger.stderr + broken.stderr).not.toMatch(/hunter2|a-token|canary/);
    for (const [path, value] of store.objects)
      if (path.includes("blobs/sha256")) store.objects.set(path, Buffer.from(`${value}`.replace(/[A-Z]/, "_")));
    const damaged = await keys(`verify -i id ${place} --cluster --registry-config logins`);
    expect(damaged.code).toBe(1);
    expect(damaged.stderr).toMatch(/not those of its digest|longer than/);
  });

  test.each([
    { name: "no such object", line: "verify -i id s3://backups/none --cluster", says: "there is nothing of that name" },
    { name: "no object at all", line: "verify -i id s3://backups --cluster", says: "it names no object of a bucket" },
    {
      name: "no reference",
      line: "verify -i id oci://Registry/UPPER --cluster",
      says: "Cannot read the place in a registry",
    },
    {
      name: "no tag of that name",
      line: () => `verify -i id oci://127.0.0.1:${store.port}/team/keys:none --cluster --registry-config logins`,
      says: "there is nothing of that name",
    },
    { name: "nobody there", line: "verify -i id oci://127.0.0.1:1/keys --cluster", says: "nobody answers" },
    {
      name: "plain without a file",
      line: "backup --plaintext-i-understand",
      says: "it goes into a file on this machine only",
    },
    {
      name: "plain into a bucket",
      line: "backup --plaintext-i-understand -o s3://b/k",
      says: "it goes into a file on this machine only",
    },
    {
      name: "plain for a recipient",
      line: `backup --plaintext-i-understand -o k -r ${recipient}`,
      says: "recipients were named too",
    },
    {
      name: "a folder",
      line: `backup -r ${recipient} -o backups/`,
      says: "hint: name a file in it: -o backups/keys.age",
    },
    {
      name: "broken logins",
      line: () => `backup -r ${recipient} -o oci://127.0.0.1:${store.port}/k --registry-config id`,
      says: "it is no JSON",
    },
  ])("$name: one error", async ({ line, says }) => {
    const { code, stdout, stderr } = await keys(typeof line === "string" ? line : line());
    expect(code).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/AGE-SECRET-KEY|hunter2|canary/);
  });

  test("a login that a program keeps, for a registry that is pinned by digest", async () => {
    const bin = mkdtempSync(join(tmpdir(), "sealkit-places-"));
    const answer = JSON.stringify({ Username: REGISTRY_USER, Secret: REGISTRY_PASSWORD });
    writeFileSync(join(bin, "docker-credential-test"), `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
    const registry = await startRegistry();
    try {
      const place = `oci://${registry.host}/team/keys`;
      const options = {
        files: { kc: cluster.sandbox.kubeconfig(), id: identity, config: '{"credsStore": "test"}' },
        env: { KUBECONFIG: "kc", PATH: `${bin}:/usr/bin:/bin` },
      };
      const made = await runCli(`keys backup -r ${recipient} -o ${place}:prod --registry-config config`, options);
      expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("Backed up 1 sealing key for 1 recipient")]);
      const [, digest = ""] = [...registry.manifests.keys()].join(" ").split("@");
      const verified = await runCli(`keys verify -i id ${place}@${digest} --cluster --registry-config config`, options);
      expect([verified.code, verified.stderr]).toEqual([0, "The backup opens all 0 values\n"]);
      const refused = await runCli(`keys backup -r ${recipient} -o ${place}:prod`, options);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("no login was given for it")]);
    } finally {
      await registry.close();
      rmSync(bin, { recursive: true });
    }
  });

  test("--plaintext-i-understand writes a file of mode 0600 that restore takes, and says what it is", async () => {
    const { code, stderr, files } = await keys("backup --plaintext-i-understand -o keys.yaml");
    expect([code, files["keys.yaml"]?.mode]).toEqual([0, 0o600]);
    expect(stderr).toContain('warning: "keys.yaml" is not encrypted: whoever reads it opens everything');
    const plan = await keys("restore keys.yaml --dry-run", { "keys.yaml": files["keys.yaml"]?.text ?? "" });
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringMatching(/^keep +sealing key /m)]);
  });
});
