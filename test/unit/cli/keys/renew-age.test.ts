import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../../../cli/sandbox/whole-cluster.ts";
import { generateX25519Identity, parseIdentity } from "../../../../src/age/index.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const KEY = { namespace: "flux-system", name: "sops-age" };
const old = generateX25519Identity();
const other = generateX25519Identity();
const nameOf = (identity: string) => parseIdentity(identity).name;
/** How files are printed: with another indent than the default of four columns. */
const STORES = "stores:\n  yaml:\n    indent: 2\n";
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("sealkit keys renew --age", () => {
  let cluster: WholeCluster;
  let files: Record<string, string> = {};
  let fresh = "";

  const keys = (line: string, more: Record<string, string> = files) =>
    runCli(`keys ${line}`, { files: { kc: cluster.sandbox.kubeconfig(), ...more }, env: { KUBECONFIG: "kc" } });
  const dataOf = async () =>
    ((await cluster.client.get<KubeObject>(SECRETS, KEY))?.["data"] ?? {}) as Record<string, string>;
  const opens = async (text: string, identity: string) =>
    (await runCli("sops decrypt f.yaml", { files: { "f.yaml": text }, env: { SOPS_AGE_KEY: identity } })).stdout;

  beforeAll(async () => {
    cluster = await startWholeCluster({ settings: { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 } });
    const kind = await cluster.client.resourceFor("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
    await cluster.client.create(kind ?? SECRETS, {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name: "apps", namespace: "flux-system" },
      spec: {
        interval: "1h",
        prune: true,
        sourceRef: { kind: "GitRepository", name: "fleet" },
        decryption: { provider: "sops", secretRef: { name: "sops-age" } },
      },
    });
    const metadata = { name: "sops-age", namespace: "flux-system" };
    const data = { "age.agekey": base64(`${old}\n`), "odd.agekey": base64("?"), "pgp.asc": base64("x") };
    await cluster.client.create(SECRETS, { apiVersion: "v1", kind: "Secret", metadata, data });
    const config = `# who reads what\ncreation_rules:\n  - age: ${nameOf(old)},${nameOf(other)} # two\n${STORES}`;
    const clear = { "db.yaml": "a:\n  password: hunter2\n", ".sops.yaml": config };
    const made = await runCli("sops encrypt -i db.yaml", { files: clear });
    const strange = await runCli(`sops encrypt --age ${nameOf(other)} x.yaml`, { files: { "x.yaml": "a: 1\n" } });
    files = {
      "repo/.sops.yaml": config,
      "repo/apps/db.yaml": made.files["db.yaml"]?.text ?? "",
      "repo/strange.yaml": strange.stdout,
    };
  }, 60_000);
  afterAll(() => cluster.close());

  test("--dry-run names the files, --retire-old has nothing to retire yet", async () => {
    const dry = await keys("renew --age --repo repo --dry-run");
    expect([dry.code, dry.stdout]).toEqual([
      0,
      "ACTION   FILE\nchange   repo/.sops.yaml\nchange   repo/apps/db.yaml\n",
    ]);
    expect(JSON.parse((await keys("renew --age --repo repo --dry-run -o json")).stdout)).toMatchObject({
      dryRun: true,
      old: [nameOf(old)],
      repositories: [{ folder: "repo", rules: [".sops.yaml"], changed: [".sops.yaml", "apps/db.yaml"] }],
    });
    const early = await keys("renew --age --repo repo --retire-old");
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining("none is being renewed")]);
    expect(Object.keys(await dataOf()).sort()).toEqual(["age.agekey", "odd.agekey", "pgp.asc"]);
  });

  test("a new identity comes into Secret, rules and files; a second run goes on with it", async () => {
    const first = await keys("renew --age -o json");
    expect(first.code).toBe(0);
    const { entry, recipient, old: before } = JSON.parse(first.stdout);
    expect(before).toEqual([nameOf(old)]);
    fresh =
      Buffer.from((await dataOf())[entry] ?? "", "base64")
        .toString()
        .split("\n")[1] ?? "";
    expect(nameOf(fresh)).toBe(recipient);

    const again = await keys("renew --age --repo repo");
    expect(again.code).toBe(0);
    expect(again.stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["SECRET", "ENTRY", "AGE RECIPIENT"],
      ["flux-system/sops-age", entry, recipient],
      [""],
    ]);
    expect(again.files["repo/.sops.yaml"]?.text).toBe(
      `# who reads what\ncreation_rules:\n  - age: ${nameOf(old)},${nameOf(other)},${recipient} # two\n${STORES}`,
    );
    const changed = again.files["repo/apps/db.yaml"]?.text ?? "";
    expect(changed).toMatch(/^a:\n {2}password: ENC\[/);
    for (const identity of [old, other, fresh])
      expect(await opens(changed, identity)).toBe("a:\n    password: hunter2\n");
    expect(again.files["repo/strange.yaml"]?.text).toBe(files["repo/strange.yaml"]);
    expect(again.stdout + again.stderr + first.stderr).not.toMatch(/AGE-SECRET|hunter2/);
    const listed = JSON.parse((await keys("list -o json --skip-count --repo repo")).stdout);
    expect(listed.filter(({ type }: { type: string }) => type === "age")).toHaveLength(3);

    const unproven = await keys("renew --age --repo repo --retire-old");
    expect([unproven.code, unproven.stderr]).toEqual([1, expect.stringContaining("repo/apps/db.yaml: ")]);
    for (const path of ["repo/.sops.yaml", "repo/apps/db.yaml"]) files[path] = again.files[path]?.text ?? "";
  });

  test("--retire-old takes the old one away when every file opens with the new one alone", async () => {
    const blind = await keys("renew --age --retire-old");
    expect([blind.code, blind.stderr]).toEqual([1, expect.stringContaining("no repository was named")]);
    const nowhere = await keys("renew --age --repo repo --retire-old --all-branches");
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("it is in no Git repository")]);
    const { code, stderr, files: after } = await keys("renew --age --repo repo --retire-old");
    expect(code).toBe(0);
    expect(stderr).toContain("Only the files on disk were opened: --all-branches opens those of branches too\n");
    expect(stderr).toContain("Took 1 old entry out of Secret flux-system/sops-age");
    expect(after["repo/.sops.yaml"]?.text).toContain(`- age: ${nameOf(other)},${nameOf(fresh)} # two\n`);
    const text = after["repo/apps/db.yaml"]?.text ?? "";
    expect(text).toMatch(/^a:\n {2}password: ENC\[/);
    expect(await opens(text, fresh)).toBe("a:\n    password: hunter2\n");
    expect(await opens(text, old)).toBe("");
    const left = Object.keys(await dataOf()).sort();
    expect(left).toEqual([expect.stringMatching(/^age1\w+\.agekey$/), "odd.agekey", "pgp.asc"]);
  });

  test.each([
    { name: "a Secret that is not there", line: "renew --age --secret a/b", says: "there is no such Secret" },
    {
      name: "a Secret without identities",
      line: "renew --age --secret kube-system/none",
      says: "there is no such Secret",
    },
    { name: "--repo without --age", line: "renew --repo .", says: "without --age" },
    { name: "a folder that is not there", line: "renew --age --repo none", says: "there is no such folder" },
  ])("$name: refused", async ({ line, says }) => {
    const { code, stderr } = await keys(line);
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
  });
});
