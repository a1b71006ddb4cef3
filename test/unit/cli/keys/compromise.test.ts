import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../../../cli/sandbox/whole-cluster.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { sealedInFile } from "../../../../src/secrets/index.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const SEALED = {
  group: "bitnami.com",
  version: "v1alpha1",
  plural: "sealedsecrets",
  kind: "SealedSecret",
  namespaced: true,
} as const;
const LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";

const secret = (name: string, data: Record<string, string>) =>
  JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "default" }, stringData: data });

describe("sealkit keys compromise", () => {
  let cluster: WholeCluster;
  let first = "";
  let certificate = "";
  let inGit = "";

  const keys = (line: string, files: Record<string, string> = {}) =>
    runCli(`keys ${line}`, { files: { kc: cluster.sandbox.kubeconfig(), ...files }, env: { KUBECONFIG: "kc" } });
  const seal = async (name: string, data: Record<string, string>, form = "json") =>
    (await runCli(`kubeseal --cert c -o ${form}`, { stdin: secret(name, data), files: { c: certificate } })).stdout;
  const list = async () => JSON.parse((await keys("list -o json --skip-count")).stdout);
  const sealed = async (name: string) => await cluster.client.get<KubeObject>(SEALED, { namespace: "default", name });
  const labelOf = async (name: string) =>
    (await cluster.client.get<KubeObject>(SECRETS, { namespace: "kube-system", name }))?.metadata.labels?.[LABEL];

  beforeAll(async () => {
    cluster = await startWholeCluster({ settings: { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 } });
    await cluster.controllers.ready;
    first = (await list())[0].name;
    const key = await cluster.client.get<never>(SECRETS, { namespace: "kube-system", name: first });
    certificate = Buffer.from(key?.["data"]["tls.crt"] ?? "", "base64").toString();
    const own = JSON.parse(await seal("own", { user: "hunter2", "sops.agekey": "x" }));
    const synced = JSON.parse(await seal("synced", { token: "hunter2" }));
    // One item that nothing opens does not hide the other.
    own.spec.encryptedData.damaged = own.spec.encryptedData.user.replace(/.{8}$/, "AAAAAAAA");
    synced.metadata.labels = { "kustomize.toolkit.fluxcd.io/name": "apps" };
    for (const object of [own, synced]) await cluster.client.create(SEALED, object);
    inGit = `# ours\n${await seal("synced", { token: "hunter2" }, "yaml")}`;
  }, 60_000);
  afterAll(() => cluster.close());

  test("--dry-run lists what the key opens, by name, and changes nothing", async () => {
    const files = { "repo/apps/synced.yaml": inGit };
    const { code, stdout, stderr } = await keys(`compromise ${first} --repo repo --dry-run`, files);
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["PLACE", "OBJECT", "ITEM", "FILE"],
      ["cluster", "SealedSecret/default/own", "sops.agekey"],
      ["cluster", "SealedSecret/default/own", "user"],
      ["cluster", "SealedSecret/default/synced", "token"],
      ["repo", "SealedSecret/default/synced", "token", "apps/synced.yaml:3"],
      [""],
    ]);
    expect(stderr).toContain("warning: 4 values to be changed at the origin");
    expect(stderr).toContain("SealedSecret/default/own holds an age identity (sops.agekey): replace it too");
    expect(stderr).toContain(`Would make a new key, bring these onto the newest key and mark ${first} as compromised`);
    expect(stdout + stderr).not.toContain("hunter2");
    expect(await list()).toHaveLength(1);
  });

  test("what a tool syncs from Git is left to its repository, and the key is not marked until that is done", async () => {
    const run = await keys(`compromise ${first} --repo repo --bits 2048 -o json`, { "repo/synced.yaml": inGit });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("Sealed 1 SealedSecret of the cluster anew");
    expect(run.stderr).toContain("Left SealedSecret/default/synced of the cluster: a Kustomization brings it");
    expect(run.stderr).toContain("Sealed 1 file of repo anew: commit and push");
    expect(run.stderr).toContain(`error: Cannot mark key ${first} as compromised: 1 SealedSecrets still need it`);
    expect(run.stderr).toContain("hint: commit and push");
    const report = JSON.parse(run.stdout);
    expect(report.values).toHaveLength(4);
    const [newest] = await list();
    expect([report.newest.name, report.key.name]).toEqual([newest.name, first]);
    expect(await labelOf(first)).toBe("active");
    expect(run.files["repo/synced.yaml"]?.text).toMatch(/^# ours\n---\napiVersion/);

    // Synced, and run again: no second new key, and now it is marked.
    const text = run.files["repo/synced.yaml"]?.text ?? "";
    const [place] = sealedInFile(text, "synced.yaml");
    const spec = place?.object["spec"];
    await cluster.client.patch(SEALED, { namespace: "default", name: "synced" }, { spec }, { type: "merge" });
    const again = await keys(`compromise ${first} --repo repo`, { "repo/synced.yaml": text });
    expect([again.code, again.stdout]).toEqual([0, ""]);
    expect(again.stderr).toContain(`Marked ${first} as compromised: nothing needs it any more\n`);
    expect(await list()).toHaveLength(2);
    expect(await labelOf(first)).toBe("compromised");
    const third = await keys(`compromise ${first}`);
    expect([third.code, third.stderr]).toEqual([0, expect.stringContaining("is marked as compromised already")]);
  });

  test("values of the cluster are the same under the new key, damaged ones as they were", async () => {
    const own = await sealed("own");
    const json = JSON.stringify({ ...own, apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret" });
    const { code, stdout } = await keys("list -o json", {});
    expect(code).toBe(0);
    expect(JSON.parse(stdout)[0].neededBy).toBe(2);
    expect(json).toContain("AAAAAAAA");
  });

  test.each([
    { name: "a key that is not there", line: "compromise nope", says: 'Cannot find the key "nope"' },
    {
      name: "a folder that is not there",
      line: () => `compromise ${first} --repo none`,
      says: 'none": there is no such folder',
    },
    { name: "no key", line: "compromise", says: "KEY is missing" },
  ])("$name: refused", async ({ line, says }) => {
    const { code, stderr } = await keys(typeof line === "string" ? line : line());
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
  });
});
