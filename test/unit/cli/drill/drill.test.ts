import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../../../cli/sandbox/whole-cluster.ts";
import { generateX25519Identity, parseIdentity } from "../../../../src/age/index.ts";
import type { ApiResource } from "../../../../src/kube/index.ts";
import { parseReference, pushFile } from "../../../../src/oci/index.ts";
import { ALICE, startAws } from "../../../helpers/fakes/aws.ts";
import { REGISTRY_PASSWORD, REGISTRY_USER, startRegistry } from "../../../helpers/fakes/registry.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const CANARY = "canary-51c0ffee";
const SECRETS: ApiResource = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };
const secret = (name: string, value: string, namespace = "apps") =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: ${namespace}}\nstringData: {password: ${value}}\n`;
const NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: apps}\n";

const identity = generateX25519Identity();
const sopsIdentity = generateX25519Identity();

describe("sealkit drill", () => {
  let live: WholeCluster;
  let cwd: string;
  const env = () => ({ PATH: process.env["PATH"] ?? "", HOME: cwd, KUBECONFIG: "kubeconfig" });
  const run = (line: string, options: { stdin?: string } = {}) => runCli(line, { cwd, env: env(), ...options });
  const well = async (line: string, stdin?: string) => {
    const result = await run(line, stdin === undefined ? {} : { stdin });
    expect(result.code, result.stderr).toBe(0);
    return result.stdout;
  };
  const put = (path: string, text: string | Uint8Array) => {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text);
  };
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", join(cwd, "fleet"), "-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
      stdio: "pipe",
    });
  const commit = () => {
    git("add", "--all");
    git("commit", "-qm", "x");
  };
  const drill = async (line = "") => {
    // Whoever writes for a moment only writes here.
    process.env["TMPDIR"] = join(cwd, "no-such-folder");
    const before = readdirSync(cwd, { recursive: true });
    const result = await run(`drill -i id.txt keys.age --repo fleet ${line}`);
    expect(result.stdout + result.stderr).not.toContain(CANARY);
    expect(result.stdout + result.stderr).not.toContain(Buffer.from(CANARY).toString("base64"));
    expect(readdirSync(cwd, { recursive: true })).toEqual(before);
    delete process.env["TMPDIR"];
    return result;
  };
  const report = async (line = "") => {
    const { code, stdout, stderr } = await drill(`-o json ${line}`);
    expect(stdout, stderr).not.toBe("");
    return { code, stderr, report: JSON.parse(stdout) };
  };

  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), "sealkit-drill-test-"));
    live = await startWholeCluster({ settings: { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 } });
    await live.controllers.ready;
    put("kubeconfig", live.sandbox.kubeconfig());
    chmodSync(join(cwd, "kubeconfig"), 0o600);
    put("id.txt", identity);
    put("cert.pem", await well("kubeseal --fetch-cert"));
    const db = await well("seal --cert cert.pem", secret("db", CANARY));
    const mail = await well("seal --cert cert.pem", secret("mail", CANARY));
    const recipient = parseIdentity(sopsIdentity).name;
    const payment = await well(`seal --age ${recipient}`, secret("payment", CANARY));
    put("fleet/apps/namespace.yaml", NAMESPACE);
    put("fleet/apps/db.yaml", db);
    put("fleet/apps/payment.yaml", payment);
    put("mail.yaml", mail);
    git("init", "-q", "-b", "main");
    commit();
    const { client } = live;
    const create = async (apiVersion: string, kind: string, object: object) => {
      const resource = await client.resourceFor(apiVersion, kind);
      if (resource !== undefined) await client.create(resource, { apiVersion, kind, ...object } as never);
    };
    await create("v1", "Namespace", { metadata: { name: "apps" } });
    await create("v1", "Secret", {
      metadata: { name: "sops-age", namespace: "flux-system", labels: { "sealkit.dev/backup": "yes" } },
      data: { "sops.agekey": Buffer.from(sopsIdentity).toString("base64") },
    });
    const { readManifests } = await import("../../../../src/yaml/index.ts");
    for (const text of [db, mail]) {
      const [found] = readManifests(text, { source: "test" }).manifests;
      await create("bitnami.com/v1alpha1", "SealedSecret", found?.value as object);
    }
    await create("v1", "Secret", {
      metadata: { name: "payment", namespace: "apps", labels: { "kustomize.toolkit.fluxcd.io/name": "fleet" } },
      data: { password: Buffer.from(CANARY).toString("base64") },
    });
    for (const name of ["db", "mail"]) {
      await vi.waitFor(
        async () => expect(await client.get(SECRETS, { namespace: "apps", name })).toBeDefined(),
        10_000,
      );
    }
    await well(`keys backup -r ${parseIdentity(identity).name} -o keys.age --repo fleet`);
  }, 60_000);
  afterAll(async () => {
    delete process.env["TMPDIR"];
    await live.close();
    rmSync(cwd, { recursive: true });
  });

  test("everything comes back as it is in the live cluster, what is only in the cluster too", async () => {
    const { code, stderr, report: found } = await report("--compare");
    expect(found.rehearsal.problems).toEqual([]);
    expect(found).toMatchObject({
      result: "passed",
      backup: { file: "keys.age", encrypted: true, sealingKeys: 1, otherSecrets: 1, sealedSecrets: 1 },
      repositories: [{ folder: "fleet", paths: ["./"], files: 3, leftOut: [] }],
      rehearsal: { restored: 3, kustomizations: 1, sealedSecrets: 2, secrets: 4, values: 4, unusedKeys: [] },
      comparison: { equal: 4, differ: [], missing: [], onlyLive: [], onlyRehearsed: [], missingKeys: [] },
    });
    expect(found.repositories[0].commit).toBe(git("rev-parse", "HEAD").toString().trim());
    expect(found.rehearsal.usedKeys).toHaveLength(1);
    expect([code, stderr]).toEqual([0, "Drill passed. Everything came back\n"]);
  });

  test("what differs, what is missing, and what only one side has", async () => {
    const { client } = live;
    const data = { password: Buffer.from("another").toString("base64"), more: "" };
    await client.patch(SECRETS, { namespace: "apps", name: "payment" }, { data }, { type: "merge" });
    const made = { apiVersion: "v1", kind: "Secret", data: { a: "" } };
    const by = { "kustomize.toolkit.fluxcd.io/name": "elsewhere" };
    await client.create(SECRETS, { ...made, metadata: { name: "lost", namespace: "apps", labels: by } });
    await client.create(SECRETS, { ...made, metadata: { name: "by-hand", namespace: "apps" } });
    const { code, report: found } = await report("--compare");
    expect(found.comparison).toMatchObject({
      equal: 3,
      differ: [{ namespace: "apps", name: "payment", changed: ["password"], onlyLive: ["more"], onlyRehearsed: [] }],
      missing: [{ namespace: "apps", name: "lost" }],
      onlyLive: [{ namespace: "apps", name: "by-hand" }],
    });
    expect([code, found.result]).toEqual([1, "failed"]);
  });

  test("without a live cluster; as a table, as Markdown and as YAML", async () => {
    const shown = await drill();
    expect(shown.stderr).toBe(
      "No live cluster was looked at: --compare does that\nDrill passed. Everything came back\n",
    );
    expect(shown.stdout).toMatch(/^WHAT +FOUND\nResult +passed\nStarted +20[\s\S]*^Live cluster +not looked at$/m);
    const markdown = await drill("-o markdown --path apps");
    expect(markdown.stdout).toMatch(
      /^# Recovery drill: passed\n\n## Summary\n\n\| what \| found \|\n\| --- \| --- \|\n/,
    );
    const digest = createHash("sha256")
      .update(readFileSync(join(cwd, "keys.age")))
      .digest("hex");
    expect(markdown.stdout).toContain(`| Backup | keys.age, sha256 ${digest} |`);
  });

  test("what is not committed does not count, what the sources of the repository name is this repository", async () => {
    const apps = {
      source: `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: flux-system}\nspec: {url: "ssh://git@git.example.com/org/fleet", interval: 1m, ref: {branch: main}, secretRef: {name: deploy-key}}\n`,
      apps: `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec: {sourceRef: {kind: GitRepository, name: flux-system}, path: ./apps, prune: true, interval: 1h, decryption: {provider: sops, secretRef: {name: sops-age}}}\n`,
    };
    // The settings need a namespace that comes last of all: they fail, and are tried again.
    const settings = apps.apps.replace("name: apps,", "name: a-settings,").replace("./apps", "./settings");
    put("fleet/settings/secret.yaml", secret("settings", "x", "late"));
    const late = apps.apps
      .replace("name: apps,", "name: late,")
      .replace("./apps, ", "./late, dependsOn: [{name: apps}], ");
    put("fleet/late/namespace.yaml", NAMESPACE.replace("apps", "late"));
    const certificate =
      "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: web, namespace: apps}\nspec: {}\n";
    const gateway = certificate
      .replace("cert-manager.io/v1", "gateway.networking.k8s.io/v1")
      .replace("Certificate", "Gateway");
    put("fleet/apps/certificate.yaml", `${certificate}---\n${gateway}`);
    put("fleet/clusters/prod/sync.yaml", [apps.source, settings, apps.apps, late].join("---\n"));
    commit();
    put("fleet/apps/broken.yaml", "a: [\n");
    const { code, report: found } = await report("--path clusters/prod");
    rmSync(join(cwd, "fleet/apps/broken.yaml"));
    expect(found.rehearsal).toMatchObject({
      problems: [],
      kustomizations: 4,
      sealedSecrets: 2,
      secrets: 5,
      standInKinds: ["Certificate.cert-manager.io", "Gateway.gateway.networking.k8s.io"],
    });
    expect(code).toBe(0);
  });

  test("what does not come back is named, with the controller's words", async () => {
    const text = readFileSync(join(cwd, "fleet/apps/db.yaml"), "utf8");
    put("fleet/bad/namespace.yaml", NAMESPACE);
    put("fleet/bad/db.yaml", text.replace(/password: AQ?(.{40}).{4}/, "password: AQ$1AAAA"));
    put("fleet/conflict/c.yaml", `<<<<<<< HEAD\n${text}=======\n>>>>>>> other\n`);
    put("fleet/latin1/c.yaml", Buffer.from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gr\u00fcn}\n", "latin1"));
    put("fleet/elsewhere/c.yaml", secret("x", CANARY, "nowhere"));
    put(
      "fleet/bad/oci.yaml",
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: from-oci, namespace: apps}\nspec: {sourceRef: {kind: OCIRepository, name: x}, path: ., prune: false, interval: 1h}\n",
    );
    symlinkSync("/etc/passwd", join(cwd, "fleet/bad/link.yaml"));
    commit();
    const { code, report: found } = await report(
      "--path bad --path conflict --path latin1 --path elsewhere --path none",
    );
    expect(code).toBe(1);
    expect(found.rehearsal.problems).toEqual([
      expect.objectContaining({
        kind: "Kustomization",
        name: "from-oci",
        why: expect.stringContaining("--source-folder OCIRepository/apps/x=FOLDER"),
      }),
      expect.objectContaining({
        kind: "Kustomization",
        name: "sealkit-drill-2",
        why: expect.stringContaining("c.yaml"),
      }),
      expect.objectContaining({
        kind: "Kustomization",
        name: "sealkit-drill-3",
        why: expect.stringContaining("c.yaml"),
      }),
      expect.objectContaining({
        kind: "Kustomization",
        name: "sealkit-drill-4",
        why: expect.stringContaining('"nowhere"'),
      }),
      expect.objectContaining({
        kind: "Kustomization",
        name: "sealkit-drill-5",
        why: expect.stringContaining('"none"'),
      }),
      expect.objectContaining({ kind: "SealedSecret", namespace: "apps", name: "db" }),
    ]);
    expect(found.repositories[0].leftOut).toEqual([
      { path: "bad/link.yaml", why: "symbolic link: leads out of the tree" },
    ]);
  });

  test("from a bucket, with PGP of the backup and KMS when asked; what is left open is named", async () => {
    const fixture = (name: string) => readFileSync(new URL(`../../../../fixtures/keys/${name}`, import.meta.url));
    const aws = await startAws();
    const registry = await startRegistry();
    try {
      const bundle = fixture("backup-v2.age");
      aws.buckets.set("backups", new Map([["prod/keys.age", { body: bundle, headers: new Map() }]]));
      const cloud = {
        ...env(),
        AWS_ENDPOINT_URL: aws.url,
        AWS_REGION: "eu-central-1",
        AWS_ACCESS_KEY_ID: ALICE.accessKeyId,
        AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey,
      };
      const line = ["sops", "encrypt", "--kms", aws.keys[0]?.arn ?? "", "--encrypted-regex", "^stringData$"];
      put("clear.yaml", secret("kms", CANARY));
      const kms = await runCli([...line, "clear.yaml"], { cwd, env: cloud });
      expect(kms.code, kms.stderr).toBe(0);
      const flux = (group: string, kind: string, name: string, spec: string) =>
        `apiVersion: ${group}.toolkit.fluxcd.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: apps}\nspec: ${spec}\n`;
      const files = {
        "id-v2.txt": fixture("identity.txt"),
        "cloud/namespace.yaml": NAMESPACE,
        "cloud/sealed.yaml": fixture("sealed-v2.yaml"),
        "pushed/secret.yaml": secret("of-artifact", CANARY),
        "cloud/kms.yaml": kms.stdout,
        "cloud/pgp.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: pgp, namespace: apps}\ndata: {db.yaml: ${fixture("sops-v2-pgp.yaml").toString("base64")}}\n`,
        "cloud/flux.yaml": [
          flux(
            "helm",
            "HelmRelease",
            "web",
            "{valuesFrom: [{kind: Secret, name: pgp, valuesKey: db.yaml}, {kind: Secret, name: lost}]}",
          ),
          flux("source", "HelmRepository", "charts", "{url: https://charts.example.com, secretRef: {name: kms}}"),
          flux("source", "OCIRepository", "pushed", "{url: oci://registry.example.com/pushed}"),
          flux(
            "kustomize",
            "Kustomization",
            "from-oci",
            "{interval: 1h, path: ., prune: false, sourceRef: {kind: OCIRepository, name: pushed}}",
          ),
          flux(
            "kustomize",
            "Kustomization",
            "later",
            "{suspend: true, interval: 1h, path: ., prune: false, sourceRef: {kind: GitRepository, name: x}}",
          ),
        ].join("---\n"),
      };
      for (const [path, content] of Object.entries(files)) put(path, content);
      const rehearse = async (place: string, more = "") =>
        await runCli(`drill -i id-v2.txt ${place} --repo cloud -o json ${more}`, { cwd, env: cloud });
      const digest = createHash("sha256").update(bundle).digest("hex");
      const asked = await rehearse(
        "s3://backups/prod/keys.age",
        `--ask-key-services --expect-digest ${digest} --source-folder OCIRepository/apps/pushed=pushed --source-folder Bucket/apps/pushed=pushed`,
      );
      const found = JSON.parse(asked.stdout);
      expect(found.rehearsal.problems).toEqual([]);
      expect(found.repositories.map(({ folder }: { folder: string }) => folder)).toEqual(["cloud", "pushed"]);
      expect(asked.stderr).toContain("warning: the folder for Bucket/apps/pushed took no part");
      expect(found.rehearsal).toMatchObject({
        kustomizations: 3,
        sealedSecrets: 2,
        secrets: 6,
        asksKeyServices: true,
        notRehearsed: [
          { kind: "HelmRelease", namespace: "apps", name: "web", why: expect.stringContaining("neither fetched nor") },
          { kind: "HelmRepository", namespace: "apps", name: "charts", why: "nothing is fetched in a rehearsal" },
          { kind: "Kustomization", namespace: "apps", name: "later", why: "it is suspended in Git" },
        ],
        wanted: [{ kind: "Secret", namespace: "apps", name: "lost", item: "values.yaml", by: "HelmRelease apps/web" }],
      });
      expect([asked.code, found.backup.expected]).toEqual([0, true]);
      expect(asked.stderr).toContain(
        "Not rehearsed: 3 objects, which the report names\nNeeded, and neither in Git nor in the backup: 1 Secret",
      );

      const auth = Buffer.from(`${REGISTRY_USER}:${REGISTRY_PASSWORD}`).toString("base64");
      put("logins.json", JSON.stringify({ auths: { [registry.host]: { auth } } }));
      const reference = `oci://${registry.host}/team/keys:prod`;
      await pushFile(
        { fetch },
        parseReference(reference),
        { content: bundle, mediaType: "application/age", artifactType: "a/b" },
        {
          login: { kind: "password", username: REGISTRY_USER, password: REGISTRY_PASSWORD },
        },
      );
      const requests = aws.requests.length;
      const alone = await rehearse(reference, "--registry-config logins.json");
      const left = JSON.parse(alone.stdout).rehearsal;
      expect([alone.code, left.asksKeyServices, aws.requests.length]).toEqual([1, false, requests]);
      expect(found.repositories.map(({ folder }: { folder: string }) => folder)).toEqual(["cloud", "pushed"]);
      expect(left.problems).toEqual([
        expect.objectContaining({
          kind: "Kustomization",
          name: "sealkit-drill",
          why: expect.stringContaining("arn:aws:kms"),
        }),
      ]);
      expect(asked.stdout + asked.stderr + alone.stdout + alone.stderr).not.toMatch(
        new RegExp(`${CANARY}|version two`),
      );
    } finally {
      await Promise.all([aws.close(), registry.close()]);
    }
  });

  test("a key that was made after the backup fails the comparison", async () => {
    await well("keys renew --bits 2048 --timeout 0s");
    const { code, report: found } = await report("--compare --path apps");
    expect(found.comparison.missingKeys).toHaveLength(1);
    expect(code).toBe(1);
  });

  test("whoever may not list Secrets of the live cluster is told which right is missing, before anything else", async () => {
    const limited = live.sandbox.kubeconfig().replace(live.sandbox.adminToken, live.sandbox.tokenFor("auditor"));
    put("limited", limited);
    const { code, stdout, stderr } = await run("drill -i id.txt keys.age --repo fleet --compare --kubeconfig limited");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/missing rule: apiGroups: \[""\], resources: \["secrets"\], verbs: \["list"\]/);
  });

  test("from shares; a plain backup of kubectl, from standard input", async () => {
    const holders = (await well("keys split -n 3 -k 2 -o holders")).trim();
    await well(`keys backup -r ${holders} -o shared.age`);
    const shares = "--share holders/share-1-of-3.txt --share holders/share-3-of-3.txt";
    expect((await run(`drill ${shares} shared.age --repo fleet --path apps`)).code).toBe(0);
    const plain = (await well("age -d -i id.txt keys.age")).replace(/^#.*\n/gm, "");
    const { code, stdout, stderr } = await run("drill - --repo fleet --path apps -o json", { stdin: plain });
    expect([code, stderr]).toEqual([0, expect.stringContaining("The backup is not encrypted")]);
    const sha256 = createHash("sha256").update(plain).digest("hex");
    expect(JSON.parse(stdout).backup).toMatchObject({ file: "-", sha256, encrypted: false, sealingKeys: 1 });
    expect(stdout).not.toContain("PRIVATE KEY");
  });

  test.each([
    {
      name: "no identity",
      line: "drill keys.age --repo fleet",
      says: /hint: sealkit drill -i IDENTITY keys.age/,
      code: 2,
    },
    { name: "another identity", line: "drill -i other.txt keys.age --repo fleet", says: /in "keys.age"/ },
    { name: "a truncated backup", line: "drill -i id.txt cut.age --repo fleet", says: /in "cut.age"/ },
    { name: "a file that is no backup", line: "drill -i id.txt id.txt --repo fleet", says: /in "id.txt"/ },
    { name: "too few shares", line: "drill --share share.txt keys.age --repo fleet", says: /share/ },
    { name: "no such folder", line: "drill -i id.txt keys.age --repo none", says: /there is no such folder/ },
    { name: "no backup", line: "drill", says: /BACKUP/, code: 2 },
    {
      name: "a folder for a source that answers itself",
      line: "drill -i id.txt keys.age --repo fleet --source-folder GitRepository/a/b=fleet",
      says: /wanted: KIND\/NAMESPACE\/NAME=FOLDER/,
      code: 2,
    },
    {
      name: "a live cluster that is not there",
      line: "drill -i id.txt keys.age --repo fleet --path apps --compare --kubeconfig none",
      says: /none/,
    },
  ])("$name: one error and no report", async ({ line, says, code = 1 }) => {
    put("other.txt", generateX25519Identity());
    put("cut.age", readFileSync(join(cwd, "keys.age")).subarray(0, 400));
    if (line.includes("--share")) await well("keys split -n 3 -k 2 -o shares");
    if (line.includes("--share")) put("share.txt", readFileSync(join(cwd, "shares/share-1-of-3.txt")));
    const { code: status, stdout, stderr } = await run(line);
    expect(stderr).toMatch(says);
    expect([status, stdout]).toEqual([code, ""]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
