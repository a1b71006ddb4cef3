import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../../../cli/sandbox/whole-cluster.ts";
import { startSandbox } from "../../../../sandbox/index.ts";
import { allKeys, keySecret, listSealingKeys } from "../../../../src/keys/index.ts";
import { createKubeClient, type KubeClient } from "../../../../src/kube/index.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { Keyring } from "../../../../src/sealed/index.ts";
import { sealedInFile, unsealSecret } from "../../../../src/secrets/index.ts";
import { readCertificate } from "../../../../src/x509/index.ts";
import { readManifests } from "../../../../src/yaml/index.ts";
import { type RepositoryKeys, repositoryKeys, sealedYaml } from "../../../helpers/encrypted-repository.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

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

// Commands of several areas share a cluster here: starting one is most of what each of them would cost.
let cluster: WholeCluster;
let certificate = "";

const seal = async (name: string, data: Record<string, string>, form = "json") =>
  (await runCli(`kubeseal --cert c -o ${form}`, { stdin: secret(name, data), files: { c: certificate } })).stdout;

/** The name of the newest key, with whose certificate Secrets are sealed from then on. */
async function useNewest(): Promise<string> {
  const files = { kc: cluster.sandbox.kubeconfig() };
  const listed = await runCli("keys list -o json --skip-count", { files, env: { KUBECONFIG: "kc" } });
  const [{ name }] = JSON.parse(listed.stdout);
  const key = await cluster.client.get<never>(SECRETS, { namespace: "kube-system", name });
  certificate = Buffer.from(key?.["data"]["tls.crt"] ?? "", "base64").toString();
  return name;
}

beforeAll(async () => {
  cluster = await startWholeCluster({ settings: { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 } });
  await cluster.controllers.ready;
}, 60_000);
afterAll(() => cluster.close());

describe("sealkit keys compromise", () => {
  let first = "";
  let inGit = "";

  const keys = (line: string, files: Record<string, string> = {}) =>
    runCli(`keys ${line}`, { files: { kc: cluster.sandbox.kubeconfig(), ...files }, env: { KUBECONFIG: "kc" } });
  const list = async () => JSON.parse((await keys("list -o json --skip-count")).stdout);
  const sealed = async (name: string) => await cluster.client.get<KubeObject>(SEALED, { namespace: "default", name });
  const labelOf = async (name: string) =>
    (await cluster.client.get<KubeObject>(SECRETS, { namespace: "kube-system", name }))?.metadata.labels?.[LABEL];

  beforeAll(async () => {
    first = await useNewest();
    const own = JSON.parse(await seal("own", { user: "hunter2", "sops.agekey": "x" }));
    const synced = JSON.parse(await seal("synced", { token: "hunter2" }));
    // One item that nothing opens does not hide the other.
    own.spec.encryptedData.damaged = own.spec.encryptedData.user.replace(/.{8}$/, "AAAAAAAA");
    synced.metadata.labels = { "kustomize.toolkit.fluxcd.io/name": "apps" };
    for (const object of [own, synced]) await cluster.client.create(SEALED, object);
    inGit = `# ours\n${await seal("synced", { token: "hunter2" }, "yaml")}`;
  });

  test("--dry-run lists what the key opens, by name, and changes nothing", async () => {
    const files = { "repo/apps/synced.yaml": inGit };
    const { code, stdout, stderr } = await keys(`compromise ${first} --repo repo --dry-run`, files);
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["PLACE", "OBJECT", "ITEM", "FILE", "FOUND IN"],
      ["cluster", "SealedSecret/default/own", "sops.agekey"],
      ["cluster", "SealedSecret/default/own", "user"],
      ["cluster", "SealedSecret/default/synced", "token"],
      ["repo", "SealedSecret/default/synced", "token", "apps/synced.yaml:3", "files on disk"],
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
    const [found] = sealedInFile(text, "synced.yaml");
    const spec = found?.object["spec"];
    await cluster.client.patch(SEALED, { namespace: "default", name: "synced" }, { spec }, { type: "merge" });
    const again = await keys(`compromise ${first} --repo repo`, { "repo/synced.yaml": text });
    expect([again.code, again.stdout]).toEqual([0, ""]);
    expect(again.stderr).toContain(`Marked ${first} as compromised: nothing needs it any more\n`);
    expect(await list()).toHaveLength(2);
    expect(await labelOf(first)).toBe("compromised");
    // Under another name it would open the same values.
    const place = { namespace: "kube-system", name: first };
    const marked = (await cluster.client.get<KubeObject>(SECRETS, place)) as KubeObject;
    const metadata = { namespace: "kube-system", name: "copy", labels: { [LABEL]: "active" } };
    await cluster.client.create(SECRETS, { ...marked, apiVersion: "v1", kind: "Secret", metadata });
    const third = await keys(`compromise ${first}`);
    expect([third.code, third.stderr]).toEqual([0, expect.stringContaining("is marked as compromised already")]);
    expect([third.stderr, await labelOf("copy")]).toEqual([
      expect.stringContaining("Marked copy as compromised"),
      "compromised",
    ]);
    await cluster.client.delete(SECRETS, { namespace: "kube-system", name: "copy" });
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

describe("what only a branch or an old commit holds", () => {
  const base = mkdtempSync(join(tmpdir(), "sealkit-branches-"));
  const repo = join(base, "repo");
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: base,
    GIT_CONFIG_NOSYSTEM: "1",
    KUBECONFIG: join(base, "kc"),
  };
  let first = "";

  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
      cwd: repo,
      env,
      stdio: "pipe",
    })
      .toString()
      .trim();
  const commit = (files: Record<string, string | Uint8Array | undefined>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(repo, path)), { recursive: true });
      if (text === undefined) rmSync(join(repo, path));
      else writeFileSync(join(repo, path), text);
    }
    git("add", "-A", ".");
    git("commit", "-qm", "x");
    return git("rev-parse", "HEAD");
  };
  const keys = (line: string) => runCli(`keys ${line}`, { cwd: base, env });
  const rows = (text: string) => text.split("\n").map((line) => line.split(/ {2,}/));

  beforeAll(async () => {
    mkdirSync(repo);
    writeFileSync(join(base, "kc"), cluster.sandbox.kubeconfig());
    first = await useNewest();
    for (const name of ["own", "synced"]) await cluster.client.delete(SEALED, { namespace: "default", name });
    git("init", "-q", "-b", "main", "--template=");
  });
  afterAll(() => rmSync(base, { recursive: true }));

  test("each value once, with branch, file, document and item; of history what nothing else holds", async () => {
    const db = await seal("db", { password: "hunter2" }, "yaml");
    const old = commit({
      "apps/db.yaml": `# ours\n${db}`,
      "gone.yaml": await seal("gone", { token: "hunter3" }, "yaml"),
    });
    commit({ "gone.yaml": undefined });
    git("checkout", "-qb", "feature/x");
    commit({ "apps/more.yaml": `a: 1\n---\n${(await seal("more", { user: "u" }, "yaml")).replace(/^---\n/, "")}` });
    git("checkout", "-q", "main");
    // A name that is no UTF-8 stops nobody.
    const blob = git("rev-parse", "main:apps/db.yaml");
    const name = Buffer.concat([Buffer.from(`100644 blob ${blob}\tcaf`), Buffer.from([0xe9]), Buffer.from(".txt\0")]);
    const tree = execFileSync("git", ["mktree", "-z"], { cwd: repo, env, input: name }).toString().trim();
    git("branch", "bytes", git("commit-tree", "-m", "x", tree));

    const plain = await keys(`compromise ${first} --repo repo --dry-run`);
    expect(plain.code).toBe(0);
    expect(rows(plain.stdout)).toEqual([
      ["PLACE", "OBJECT", "ITEM", "FILE", "FOUND IN"],
      ["repo", "SealedSecret/default/db", "password", "apps/db.yaml:3", "files on disk, feature/x, main"],
      ["repo", "SealedSecret/default/more", "user", "apps/more.yaml:3 (document 2)", "feature/x"],
      [""],
    ]);
    expect(plain.stderr).toContain("Old commits were not looked at: --history lists what they hold, too");

    const all = await keys(`compromise ${first} --repo repo/apps --history --dry-run -o json`);
    expect(JSON.parse(all.stdout).values).toEqual([
      expect.objectContaining({ item: "password", path: "db.yaml", onDisk: true, branches: ["feature/x", "main"] }),
      expect.objectContaining({ item: "user", path: "more.yaml", line: 3, document: 2, onDisk: false }),
      {
        place: "repo/apps",
        object: "SealedSecret/default/gone",
        item: "token",
        path: "../gone.yaml",
        line: 2,
        document: 1,
        onDisk: false,
        branches: [],
        commit: old,
      },
    ]);
    expect(all.stderr).not.toContain("Old commits");
    expect(plain.stdout + plain.stderr + all.stdout + all.stderr).not.toMatch(/hunter/);
  });

  test("retire: refused for what a branch holds when it is asked to look there, and else says that it did not", async () => {
    await keys("renew --bits 2048");
    // On disk it is on the newest key.
    writeFileSync(join(repo, "apps/db.yaml"), "a: 1\n");
    writeFileSync(join(repo, "conflict.yaml"), "<<<<<<< HEAD\nkind: SealedSecret\n=======\n>>>>>>> b\n");
    git("update-index", "--add", "--cacheinfo", `160000,${git("rev-parse", "HEAD")},module`);
    mkdirSync(join(repo, "module"));
    const refused = await keys(`retire ${first} --repo repo`);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      [
        "Left out: 1 submodule; name each with a --repo of its own",
        `error: Cannot retire key ${first}: 1 file that may need it could not be read`,
        '  "conflict.yaml" in repo: it has conflict markers of a merge',
        "hint: mend these files, and run the command again",
        "hint: or, when none of them counts: --ignore-unread\n",
      ].join("\n"),
    ]);
    const onDisk = await keys(`retire ${first} --repo repo --dry-run --ignore-unread`);
    git("rm", "-q", "--cached", "module");
    rmSync(join(repo, "conflict.yaml"));
    expect(onDisk.stderr).toContain(
      'warning: could not look at "conflict.yaml" in repo: it has conflict markers of a merge\n',
    );
    expect(onDisk.stderr).toContain("Left out: 1 submodule; name each with a --repo of its own\n");
    expect([onDisk.code, onDisk.stderr]).toEqual([
      0,
      expect.stringContaining(
        "Branches of repo were not looked at, only the files on disk: --all-branches looks at them too\n",
      ),
    ]);
    const { code, stderr } = await keys(`retire ${first} --repo repo --all-branches`);
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot retire key ${first}: 2 SealedSecrets need it`);
    expect(stderr).toContain("SealedSecret/default/db (password) in apps/db.yaml:3 of feature/x, main");
    expect(stderr).toContain("SealedSecret/default/more (user) in apps/more.yaml:3 of feature/x");

    const listed = async (more: string) => JSON.parse((await keys(`list -o json --repo repo ${more}`)).stdout);
    const inGit = (list: { name: string; neededInGit: number }[]) =>
      list.find(({ name }) => name === first)?.neededInGit;
    expect([inGit(await listed("")), inGit(await listed("--all-branches"))]).toEqual([0, 2]);
  });

  test("a bare repository has branches only", async () => {
    execFileSync("git", ["clone", "-q", "--bare", repo, join(base, "bare.git")], { env, stdio: "pipe" });
    const { code, stderr } = await keys(`retire ${first} --repo bare.git`);
    expect([code, stderr]).toEqual([1, expect.stringContaining("in apps/more.yaml:3 of feature/x")]);
  });

  test("a clone that begins in the middle: its history is said to be cut off", async () => {
    const args = ["clone", "-q", "--depth", "1", `file://${repo}`, join(base, "shallow")];
    execFileSync("git", args, { env, stdio: "pipe" });
    const { code, stderr } = await keys(`compromise ${first} --repo shallow --history --dry-run`);
    expect([code, stderr]).toEqual([0, expect.stringContaining("git fetch --unshallow")]);
  });

  test("compromise: files on disk are sealed anew, branches are named and stay, and the key is marked", async () => {
    git("checkout", "-q", ".");
    writeFileSync(join(repo, "conflict.yaml"), "<<<<<<< HEAD\nkind: SealedSecret\n=======\n>>>>>>> b\n");
    const held = await keys(`compromise ${first} --repo repo`);
    rmSync(join(repo, "conflict.yaml"));
    expect([held.code, held.stderr]).toEqual([1, expect.stringContaining("as compromised: 1 file that may need it")]);
    git("checkout", "-q", ".");
    const run = await keys(`compromise ${first} --repo repo`);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain("Sealed 1 file of repo anew: commit and push\n");
    expect(run.stderr).toContain("Other branches of repo hold values under this key: feature/x\n");
    // The controller passes the key over from now on; the backup that was just asked for has it.
    expect(run.stderr).toMatch(/Back up the keys again.*sealkit rotate --repo repo --backup BACKUP -i IDENTITY\n/s);
    expect(run.stderr).toContain(`Marked ${first} as compromised`);
    expect(readFileSync(join(repo, "apps/db.yaml"), "utf8")).toMatch(/^# ours\n---\n/);
    expect(git("status", "--porcelain")).toBe("M apps/db.yaml");
  });

  test.each([
    { line: () => `retire ${first} --repo plain --all-branches`, says: 'Cannot look at the branches of "plain"' },
    { line: () => `compromise ${first} --repo plain --history`, says: "it is in no Git repository" },
    { line: () => "list --repo plain --all-branches", says: "it is in no Git repository" },
  ])("a folder that is in no repository: $says", async ({ line, says }) => {
    mkdirSync(join(base, "plain"), { recursive: true });
    const { code, stderr } = await keys(line());
    expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
  });
});

describe("promote, rotate and audit with the keys of clusters", () => {
  let source: Awaited<ReturnType<typeof startSandbox>>;
  let keys: RepositoryKeys;
  let sealed = "";
  let kc = "";
  let newest = "";

  /** The cluster of these tests is the target; the source is an API with key Secrets and nothing else. */
  const kubeconfig = () => {
    const entry = (name: string, { url, caPem, token }: (typeof source)["endpoint"]) => ({
      cluster: { name, cluster: { server: url, "certificate-authority-data": Buffer.from(caPem).toString("base64") } },
      user: { name, user: { token } },
      context: { name, context: { cluster: name, user: name } },
    });
    const stranger = (sandbox: typeof source) => ({ ...sandbox.endpoint, token: sandbox.tokenFor("eve") });
    const entries = [
      entry("target", cluster.sandbox.endpoint),
      entry("source", source.endpoint),
      entry("eve-source", stranger(source)),
      entry("half-source", { ...source.endpoint, token: source.tokenFor("half") }),
      entry("eve-target", stranger(cluster.sandbox)),
      entry("gone", { ...source.endpoint, url: "https://127.0.0.1:1" }),
    ];
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "target",
      clusters: entries.map((one) => one.cluster),
      users: entries.map((one) => one.user),
      contexts: entries.map((one) => one.context),
    });
  };
  const run = (line: string, files: Record<string, string> = {}) =>
    runCli(line, { files: { kc, "prod/x": "", "dev/db.yaml": sealed, ...files }, env: { KUBECONFIG: "kc" } });
  const promote = (more: string, files: Record<string, string> = {}) =>
    run(`promote --from dev --to prod ${more}`, files);

  const asAdmin = async (work: (client: KubeClient) => Promise<unknown>) => {
    const { url, caPem, token } = source.endpoint;
    const authorize = async () => ({ authorization: `Bearer ${token}` });
    const client = createKubeClient({ server: url, ca: caPem, authorize });
    await work(client);
    await client.close();
  };
  /** The first value of a file, opened with the keys of the target, and the fingerprint of the key that it is for. */
  const opened = async (text: string | undefined) => {
    const all = await listSealingKeys(cluster.client, { namespace: "kube-system" });
    const [place] = sealedInFile(text ?? "", "db.yaml");
    if (place === undefined) throw new Error("no SealedSecret");
    const { secret, openedBy } = await unsealSecret(place.object, new Keyring(allKeys(all)));
    return [[...secret.data.values()][0]?.revealText(), [...openedBy.values()][0]];
  };

  beforeAll(async () => {
    source = await startSandbox();
    keys = await repositoryKeys();
    sealed = await sealedYaml(keys.old, { password: "hunter2" }, { namespace: "default" });
    kc = kubeconfig();
    const restored = await run("keys restore keys.yaml --context source", { "keys.yaml": keys.backup });
    expect(restored.code, restored.stderr).toBe(0);
    // Somebody who may read keys, and do nothing with them.
    const RBAC = { group: "rbac.authorization.k8s.io", version: "v1", namespaced: true } as const;
    const api = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "half", namespace: "kube-system" } };
    const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list"] }];
    const roleRef = { apiGroup: RBAC.group, kind: "Role", name: "half" };
    const subjects = [{ kind: "User", name: "half", apiGroup: RBAC.group }];
    await asAdmin(async (client) => {
      await client.create({ ...RBAC, plural: "roles", kind: "Role" }, { ...api, kind: "Role", rules });
      await client.create(
        { ...RBAC, plural: "rolebindings", kind: "RoleBinding" },
        { ...api, kind: "RoleBinding", roleRef, subjects },
      );
      const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } };
      await client.create(
        { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false },
        namespace,
      );
    });
    await useNewest();
    newest = readCertificate(certificate).fingerprint;
  });
  afterAll(() => source.close());

  test("promote: the keys of one cluster, the certificate of another, pinned", async () => {
    const done = await promote(`--via source --cert-fingerprint ${newest} --yes`);
    expect([done.code, done.stderr]).toEqual([0, "Promoted 1 file to prod\n"]);
    expect(await opened(done.files["prod/db.yaml"]?.text)).toEqual(["hunter2", newest]);
    expect(done.files["dev/db.yaml"]?.text).toBe(sealed);
    expect(done.stdout + done.stderr).not.toContain("hunter2");
  });

  test.each([
    { what: "a kubeconfig", text: () => kc.replace('"current-context":"target"', '"current-context":"source"') },
    { what: "a backup", text: () => keys.backup },
  ])("promote: --via with the file of $what", async ({ text }) => {
    const files = { "other/file.yaml": text() };
    const done = await promote(`--via other/file.yaml --cert-fingerprint ${newest} --yes`, files);
    expect([done.code, done.stderr]).toEqual([0, "Promoted 1 file to prod\n"]);
    expect(await opened(done.files["prod/db.yaml"]?.text)).toEqual(["hunter2", newest]);
  });

  const other = () => keys.old.certificate.fingerprint;
  test.each([
    {
      name: "another key than the pinned one",
      more: () => `--cert-fingerprint ${other()}`,
      says: "its key is another one",
    },
    { name: "no pin", more: () => "", says: "the key of the target is not pinned" },
    { name: "no such context", via: "none", says: 'context "none"' },
    { name: "a source that does not answer", via: "gone", says: "127.0.0.1:1" },
    {
      name: "a source whose keys may not be read",
      via: "eve-source",
      says: 'missing rule: apiGroups: [""], resources: ["secrets"], verbs: ["list"], in namespace kube-system',
    },
    { name: "a source with other keys", via: "target", says: 'no key of the source opens item "password"' },
    {
      name: "a target that does not answer",
      more: () => `--context gone --cert-fingerprint ${newest}`,
      says: "127.0.0.1:1",
    },
    {
      name: "a target whose controller may not be asked",
      more: () => `--context eve-target --cert-fingerprint ${newest}`,
      says: 'missing rule: apiGroups: [""], resources: ["services"], verbs: ["get"], in namespace kube-system',
    },
    {
      name: "a target without a controller of that name",
      more: () => `--controller-name other --cert-fingerprint ${newest}`,
      says: "--controller-name and --controller-namespace say where",
    },
  ])("promote with $name: refused, and nothing is written", async ({ via = "source", more, says }) => {
    const pinned = more?.() ?? `--cert-fingerprint ${newest}`;
    const { code, stdout, stderr, files } = await promote(`--via ${via} ${pinned} --yes`);
    expect([code === 0, stdout, stderr]).toEqual([false, "", expect.stringContaining(says)]);
    expect(Object.keys(files).filter((path) => path.startsWith("prod/"))).toEqual(["prod/x"]);
    expect(stderr).not.toMatch(/hunter2|PRIVATE KEY/);
  });

  test("rotate through our own controller: template and layout stay, the newest key opens", async () => {
    const first = await sealedYaml(
      { certificate: readCertificate(certificate) },
      { password: "hunter2" },
      { namespace: "default" },
    );
    const files = {
      "repo/db.yaml": first.replace("    type: Opaque", '    type: Opaque\n    data: {url: "{{ .password }}"}'),
    };
    const done = await run(`rotate --repo repo --via-controller --cert-fingerprint ${newest}`, files);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("the newest key of the controller")]);
    const text = done.files["repo/db.yaml"]?.text ?? "";
    const shape = (yaml: string) => yaml.replace(/"AQ[^"]*"/g, "");
    expect(shape(text)).toBe(shape(files["repo/db.yaml"]));
    expect(text).not.toBe(files["repo/db.yaml"]);
    expect(await opened(text)).toEqual(["hunter2", newest]);
  });

  test.each([
    {
      name: "another key than the pinned one",
      more: () => `--cert-fingerprint ${other()}`,
      says: "its key is another one",
    },
    { name: "a controller that does not answer", more: () => "--context gone", says: "127.0.0.1:1" },
    {
      name: "a controller that may not be asked",
      more: () => "--context eve-target",
      says: 'resources: ["services"], verbs: ["get"]',
    },
    { name: "no controller", more: () => "--context source", says: "--controller-name and --controller-namespace" },
  ])("rotate through $name: refused, and nothing is written", async ({ more, says }) => {
    const { code, stdout, stderr, files } = await run(`rotate --repo dev --via-controller ${more()}`);
    expect([code === 0, stdout, stderr]).toEqual([false, "", expect.stringContaining(says)]);
    expect(files["dev/db.yaml"]?.text).toBe(sealed);
  });

  test("audit with the keys of a cluster: what needs a compromised key, an old one, and what expires", async () => {
    const label = { metadata: { labels: { [LABEL]: "compromised" } } };
    const key = { namespace: "kube-system", name: "key-0" };
    await asAdmin((client) => client.patch(SECRETS, key, label, { type: "merge" }));
    const found = await run("audit --repo dev --cluster --context source -o json");
    expect(JSON.parse(found.stdout).findings).toMatchObject([
      { rule: "compromised-key", path: "db.yaml", object: "SealedSecret default/db", fields: ["password"] },
    ]);
    expect(found.code).toBe(1);
    const newer = await sealedYaml(keys.newest, { password: "hunter2" }, { namespace: "default" });
    const policy = {
      "dev/db.yaml": newer,
      "dev/.sealkit/policy.yaml": "audit: {maxKeyAgeDays: 1, warnDaysBeforeExpiry: 4000}\n",
    };
    const now = Date.now() + 3 * 86_400_000;
    const files = { kc, ...policy };
    const later = await runCli("audit --repo dev --cluster --context source -o json", {
      files,
      env: { KUBECONFIG: "kc" },
      now,
    });
    const rules = JSON.parse(later.stdout).findings.map(({ rule }: { rule: string }) => rule);
    expect(rules).toEqual(expect.arrayContaining(["old-key", "expiring-certificate"]));
    const strange = await run("audit --repo dev --cluster -o json");
    expect([strange.code, JSON.parse(strange.stdout).findings]).toEqual([0, []]);
  });

  test.each([
    { name: "two places for keys", more: "--backup keys.yaml", says: "--backup and --cluster exclude each other" },
    { name: "no such context", more: "--context none", says: 'context "none"' },
    { name: "a cluster that does not answer", more: "--context gone", says: "127.0.0.1:1" },
    {
      name: "keys that may not be read",
      more: "--context eve-source",
      says: 'resources: ["secrets"], verbs: ["list"]',
    },
  ])("audit --cluster with $name: one error", async ({ more, says }) => {
    const { code, stdout, stderr } = await run(`audit --repo dev --cluster ${more}`);
    expect([code === 0, stdout, stderr]).toEqual([false, "", expect.stringContaining(says)]);
  });

  test.each(["restore keys.yaml --wait", "renew --bits 2048"])(
    "keys %s: no controller serves the key",
    async (line) => {
      const files = { "keys.yaml": keys.backup };
      const { code, stderr } = await run(`keys ${line} --context source --timeout 1ms`, files);
      expect([code, stderr]).toEqual([1, expect.stringContaining("error: Cannot see the controller use key SHA256:")]);
    },
  );

  test("restore tells a certificate that begins in the future, and restarts the controller that was named", async () => {
    const files = { kc, "keys.yaml": keys.backup };
    const line = "keys restore keys.yaml --context source --wait --timeout 1ms --controller-name ours";
    const now = Date.now() - 10 * 86_400_000;
    const { code, stderr } = await runCli(line, { files, env: { KUBECONFIG: "kc" }, now });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/warning: the certificate of key-1 begins in the future, 20/),
    ]);
    expect(stderr).toContain(
      "hint: the original controller reads its keys at start only: kubectl -n kube-system rollout restart deployment ours",
    );
  });

  test("a newest key whose certificate is of another key: told, and nothing is sealed for it", async () => {
    const pair = {
      ...keys.newest,
      certificatePem: (await makeSealingKey({ now: Date.now() + 60_000 })).certificatePem,
    };
    const secret = keySecret(pair, { namespace: "other", prefix: "sealed-secrets-key" });
    const good = keySecret(keys.old, { namespace: "other", prefix: "sealed-secrets-key" });
    const metadata = { ...good.metadata, name: "sealed-secrets-keyold" };
    for (const object of [{ ...good, metadata }, secret]) await asAdmin((client) => client.create(SECRETS, object));
    const place = "--context source --controller-namespace other";
    const listed = await run(`keys list ${place} --skip-count`);
    expect(listed.stderr).toMatch(
      /^warning: sealed-secrets-key\w+ should seal nothing: its certificate is of another key/,
    );
    const refused = await run(`keys compromise sealed-secrets-keyold ${place} --repo dev --timeout 0s`);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("its certificate is of another key")]);
    expect(refused.files["dev/db.yaml"]?.text).toBe(sealed);
  });

  test.each([
    { line: "list", lacks: "secrets list kube-system" },
    { line: "renew", lacks: "secrets list kube-system" },
    { line: "renew --age --secret default/x", lacks: "secrets get default" },
    { line: "import --cert c --key k", lacks: "secrets list kube-system" },
    { line: "retire key-0", lacks: "secrets list kube-system" },
    { line: "compromise key-0", lacks: "secrets list kube-system" },
    { line: "backup --plaintext-i-understand -o b.yaml", lacks: "secrets list kube-system" },
    { line: "restore keys.yaml", lacks: "secrets list kube-system" },
    { line: "verify keys.yaml --cluster", lacks: "secrets list kube-system" },
    { who: "half", line: "renew --bits 2048", lacks: "secrets create kube-system" },
    { who: "half", line: "restore keys.yaml --wait", lacks: "services get kube-system" },
    { who: "half", line: "retire key-1", lacks: "secrets patch kube-system" },
    { who: "half", line: "restore more.yaml", lacks: "secrets create kube-system" },
  ])("keys $line, without the right to do so: the missing rule is named", async ({ who = "eve", line, lacks }) => {
    const more = `${keys.backup}---\n${JSON.stringify(keySecret(keys.stranger, { namespace: "a", prefix: "b" }))}`;
    const files = {
      "keys.yaml": keys.backup,
      "more.yaml": more,
      c: keys.old.certificatePem,
      k: keys.old.privateKeyPem,
    };
    const { code, stderr } = await run(`keys ${line} --context ${who}-source`, files);
    const [resource, verb, namespace] = lacks.split(" ");
    const rule = `apiGroups: [""], resources: ["${resource}"], verbs: ["${verb}"], in namespace ${namespace}`;
    expect([code, stderr]).toEqual([1, expect.stringContaining(`missing rule: ${rule}`)]);
    expect(stderr).toContain(
      `hint: kubectl -n ${namespace} create role sealkit-keys --verb=${verb} --resource=${resource}`,
    );
  });

  test.each([
    "list --context source",
    "renew --dry-run",
    "import --cert c --key k --dry-run",
    "import --cert c --key k",
    "retire key-0 --dry-run",
    "compromise key-0 --repo dev --dry-run",
    "verify keys.yaml --repo dev",
    "restore keys.yaml --dry-run",
    "backup --plaintext-i-understand -o b.yaml --report",
    "split -n 2 -k 2 -o shares --report",
  ])("keys %s: JSON and YAML say the same", async (line) => {
    const files = { "keys.yaml": keys.backup, c: keys.old.certificatePem, k: keys.old.privateKeyPem };
    const withForm = line.endsWith("--report") ? line : `${line} -o`;
    const words = /^(verify|split)/.test(line)
      ? `keys ${withForm}`
      : `keys ${withForm.replace(/^\w+/, "$& --context source")}`;
    const [json, yaml] = [await run(`${words} json`, files), await run(`${words} yaml`, files)];
    expect([json.code, yaml.code], json.stderr).toEqual([0, 0]);
    const shapeOf = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shapeOf)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .map(([key, one]) => [key, shapeOf(one)])
                .sort(),
            )
          : typeof value;
    const [manifest] = readManifests(yaml.stdout, { source: "yaml" }).manifests;
    expect(shapeOf(manifest?.value)).toEqual(shapeOf(JSON.parse(json.stdout)));
    expect(json.stdout + yaml.stdout).not.toMatch(/PRIVATE KEY|AGE-SECRET/);
  });

  test.each([
    { line: "backup --plaintext-i-understand --report json", says: "the backup itself goes to stdout" },
    { line: "combine s --report json", says: "the identity itself goes to stdout" },
    { line: "list -o jsn", says: "it is none of table, wide, json, yaml, name" },
  ])("keys $line: refused", async ({ line, says }) => {
    const { code, stderr } = await run(`keys ${line}`, { s: "" });
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
  });
});
