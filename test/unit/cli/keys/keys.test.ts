import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../../../cli/sandbox/whole-cluster.ts";
import { generateX25519Identity, parseIdentity } from "../../../../src/age/index.ts";
import { backupDigest } from "../../../../src/keys/index.ts";
import { readManifests } from "../../../../src/yaml/index.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: default}\nstringData: {user: admin}\n";
const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;

const identity = generateX25519Identity();
const recipient = parseIdentity(identity).name;
const settings = { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 };

describe("sealkit keys, from one cluster to the next", () => {
  let first: WholeCluster;
  let second: WholeCluster;
  let backup: Uint8Array;
  let newest: string;

  const keys = (line: string, cluster: WholeCluster, files: Record<string, string | Uint8Array> = {}) =>
    runCli(`keys ${line}`, { files: { kc: cluster.sandbox.kubeconfig(), ...files }, env: { KUBECONFIG: "kc" } });

  beforeAll(async () => {
    first = await startWholeCluster({ settings });
    await first.controllers.ready;
  }, 60_000);
  afterAll(async () => {
    await first.close();
    await second?.close();
  });

  test("list shows the first key and what needs it", async () => {
    const files = { kc: first.sandbox.kubeconfig() };
    const env = { KUBECONFIG: "kc" };
    const { stdout: sealed } = await runCli("kubeseal", { stdin: SECRET, files, env });
    const resource = await first.client.resourceFor("bitnami.com/v1alpha1", "SealedSecret");
    expect(resource).toBeDefined();
    await first.client.create(resource ?? SECRETS, JSON.parse(sealed));
    const { code, stdout, stderr } = await keys("list", first);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^NAME +STATUS +FINGERPRINT +BITS +CREATED +EXPIRES +NEEDED BY\nsealed-secrets-key\w{5} +newest +SHA256:\S{4}…\S{4} +2048 +\d+s +20\d\d-\d\d-\d\d +1 in cluster\n$/,
    );
  });

  test("renew adds a key, waits until it is served, and keeps the old one", async () => {
    const { code, stdout, stderr } = await keys("renew --bits 2048 -o json", first);
    expect([code, stderr]).toEqual([0, "The controller seals with it now. Back it up: sealkit keys backup\n"]);
    newest = JSON.parse(stdout).fingerprint;
    const list = JSON.parse((await keys("list -o json", first)).stdout);
    expect(list.map(({ status, neededBy }: Record<string, unknown>) => [status, neededBy])).toEqual([
      ["newest", 0],
      ["active", 1],
    ]);
    expect(list[0].fingerprint).toBe(newest);
  });

  test("backup writes one encrypted file for its owner alone", async () => {
    await first.client.create(SECRETS, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "age", namespace: "default", labels: { "sealkit.dev/backup": "true" } },
      data: { "age.agekey": Buffer.from("AGE-SECRET-KEY-CANARY").toString("base64") },
    });
    const { code, stderr, files } = await keys(`backup -r ${recipient} -o keys.age`, first);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^In it as ciphertext: 1 SealedSecret that no repository brings back\nBacked up 2 sealing keys and 1 other Secret for 1 recipient\nIt is sha256:[0-9a-f]{64}: noted/,
      ),
    ]);
    expect(stderr).toContain(backupDigest(files["keys.age"]?.bytes ?? new Uint8Array()));
    expect(files["keys.age"]?.mode).toBe(0o600);
    backup = files["keys.age"]?.bytes ?? new Uint8Array();
    expect(Buffer.from(backup).toString()).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
    const opened = await runCli("age -d -i id keys.age", { files: { "keys.age": backup, id: identity } });
    expect(opened.stdout).toMatch(/^# sealkit key backup v2\n# \{"version":2,/);
    expect(readManifests(opened.stdout).manifests).toHaveLength(2);
  });

  test("verify opens what is in the cluster, and says when the cluster has newer keys", async () => {
    const files = { "keys.age": backup, id: identity };
    const good = await keys("verify -i id keys.age --cluster", first, files);
    expect([good.code, good.stderr]).toEqual([0, "The backup opens all 1 value\n"]);
    expect(good.stdout).toMatch(/^cluster +1 +0 +1 +0$/m);
  });

  test("the digest that backup told is taken, in any form; another file is refused before it is opened", async () => {
    const files = { "keys.age": backup, id: identity, other: `${Buffer.from(backup)}\n` };
    const digest = backupDigest(backup);
    for (const form of [digest, digest.replace("sha256:", ""), digest.toUpperCase().replace("SHA256", "sha256")]) {
      expect((await keys(`verify -i id keys.age --expect-digest ${form} --cluster`, first, files)).code).toBe(0);
    }
    for (const command of ["verify", "restore --dry-run"]) {
      const refused = await keys(`${command} -i id other --expect-digest ${digest}`, first, files);
      expect([refused.code, refused.stdout]).toEqual([1, ""]);
      expect(refused.stderr).toContain("it is another than the one that is expected");
      expect(refused.stderr).toContain(backupDigest(Buffer.from(files.other)));
    }
    expect((await keys("verify -i id keys.age --expect-digest sha1:00", first, files)).stderr).toContain(
      "it is no SHA-256",
    );
  });

  test("restore says what a backup says of itself, and whether the cluster's own controller wrote it", async () => {
    const files = { "keys.age": backup, id: identity, plain: await plainBackup() };
    const restore = async (name: string) => (await keys(`restore -i id ${name} --dry-run`, first, files)).stderr;
    const digest = backupDigest(backup);
    expect(await restore("keys.age")).toMatch(
      new RegExp(`^The backup says that it was made on 20\\S+Z by sealkit \\S+ of cluster \\S+; it is ${digest}\n$`),
    );
    expect(await restore("plain")).toMatch(/^The backup is sha256:[0-9a-f]{64}, and does not say who made it\n/);
    const record = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "sealkit-backup", namespace: "kube-system" },
      data: { digest, written: "2026-01-02T03:04:05Z", place: "s3://b/k" },
    };
    const maps = { ...SECRETS, plural: "configmaps", kind: "ConfigMap" };
    await first.client.create(maps, record);
    const same = "It is the one that the controller of this cluster wrote last, on 2026-01-02T03:04:05Z\n";
    expect(await restore("keys.age")).toContain(same);
    expect((await keys("verify -i id keys.age --cluster", first, files)).stderr).toContain(same);
    expect(await restore("plain")).toContain("wrote another one last, on 2026-01-02T03:04:05Z, to s3://b/k\n");
    await first.client.delete(maps, { namespace: "kube-system", name: "sealkit-backup" });
  });

  async function plainBackup(): Promise<string> {
    const opened = await runCli("age -d -i id keys.age", { files: { "keys.age": backup, id: identity } });
    return opened.stdout.replace(/^#.*\n/gm, "");
  }

  test("restore into a new cluster: plan, restore, wait, and a second time nothing", async () => {
    second = await startWholeCluster({ settings });
    await second.controllers.ready;
    const files = { "keys.age": backup, id: identity };
    const plan = await keys("restore -i id keys.age --dry-run", second, files);
    expect(plan.code).toBe(0);
    expect(plan.stderr).toMatch(/^The cluster has a key that is not in the backup, and keeps it: \S+ SHA256:/m);
    expect(plan.stderr).toContain("warning: the backup is stale: afterwards back up again");
    expect(plan.stdout).toMatch(/^keep +sealing key +kube-system +\S+ +it is not in the backup$/m);
    const stale = await keys("verify -i id keys.age --cluster", second, files);
    expect(stale.code).toBe(1);
    expect(stale.stderr).toMatch(/^The cluster has a key that is not in the backup: SHA256:\S+; back up again\n$/);
    expect(plan.stdout.match(/^create .*$/gm)).toHaveLength(4);
    expect((await second.client.list(SECRETS, { namespace: "kube-system" })).items).toHaveLength(1);

    // The new cluster made a key of its own; ours may be older, so only what is planned as newest is waited for.
    const done = await keys("restore -i id keys.age --wait", second, files);
    expect([done.code, done.stderr]).toEqual([
      0,
      expect.stringMatching(/^Restored 3 Secrets and 1 SealedSecret; 0 were there already\n/m),
    ]);
    expect(done.stderr).toContain("Synced: 1 SealedSecret\n");
    const again = await keys("restore -i id keys.age", second, files);
    expect(again.stderr).toContain("Restored 0 Secrets; 4 were there already\n");
    expect(again.stdout).not.toContain("create");
    const list = JSON.parse((await keys("list -o json --skip-count", second)).stdout);
    expect(list.map(({ fingerprint }: Record<string, unknown>) => fingerprint)).toContain(newest);
  });

  test("a Secret with other values is left as it is and reported", async () => {
    const other = { data: { "age.agekey": Buffer.from("other").toString("base64") } };
    await second.client.patch(SECRETS, { namespace: "default", name: "age" }, other, { type: "merge" });
    const result = await keys("restore -i id keys.age", second, { "keys.age": backup, id: identity });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("error: Cannot restore 1 Secret: the cluster holds other values\n  default/age:");
    const live = await second.client.get<{ data: unknown } & never>(SECRETS, { namespace: "default", name: "age" });
    expect(live).toMatchObject(other);
  });

  test.each([
    { name: "a key that ends at once", line: "renew --ttl 0", stderr: /not between a minute and 100 years/, code: 2 },
    { name: "a key for ever", line: "compromise x --ttl 99999999d", stderr: /not between a minute/, code: 2 },
    { name: "no recipient", line: "backup -o x.age", stderr: /nobody was named/, code: 2 },
    { name: "a bad recipient", line: "backup -r age1x -o x.age", stderr: /Cannot read age recipient/, code: 1 },
    {
      name: "a file of recipients with something else",
      line: "backup -R hello.txt -o x.age",
      stderr: /^error: .*\n {2}in "hello.txt"\n {2}malformed recipient at line 1\nhint: /,
      code: 1,
    },
    {
      name: "a file of recipients with something else",
      line: "backup -R hello.txt -o x.age",
      stderr: /^error: .*\n {2}in "hello.txt"\n {2}malformed recipient at line 1\nhint: /,
      code: 1,
    },
    {
      name: "no keys there",
      line: `backup -r ${recipient} -o x.age --controller-namespace default`,
      stderr: /there is no sealing key/,
      code: 1,
    },
    {
      name: "a Secret that is not there",
      line: `backup -r ${recipient} --include default/none`,
      stderr: /Cannot back up Secret "default\/none"/,
      code: 1,
    },
    {
      name: "a folder that is not there",
      line: `backup -r ${recipient} -o none/x.age`,
      stderr: /Cannot write "none\/x.age": no such file/,
      code: 1,
    },
    {
      name: "a backup without an identity",
      line: "restore keys.age",
      stderr: /it is encrypted, and no identity was named/,
      code: 2,
    },
    {
      name: "another identity",
      line: "restore -i other keys.age",
      stderr: /error: .*\n {2}in "keys.age"\n[\s\S]*age1[\s\S]*hint: name the identity that it was made for: -i FILE/,
      code: 1,
    },
    {
      name: "a cut backup",
      line: "restore -i id cut.age",
      stderr: /^error: .*\n {2}in "cut.age"\n[\s\S]*hint: .*another copy/,
      code: 1,
    },
    { name: "a changed backup", line: "restore changed.yaml", stderr: /its digest is another/, code: 1 },
    { name: "another version", line: "restore newer.yaml", stderr: /its version is 9/, code: 1 },
    { name: "no backup at all", line: "restore hello.txt", stderr: /it holds no Secret/, code: 1 },
    { name: "a missing file", line: "restore -i id none.age", stderr: /Cannot read "none.age": no such file/, code: 1 },
    { name: "a broken key in it", line: "restore broken.yaml", stderr: /its key k is unreadable/, code: 1 },
    {
      name: "a Secret without a name",
      line: "restore nameless.yaml",
      stderr: /a Secret in it is without a name/,
      code: 1,
    },
    {
      name: "a Secret without a namespace",
      line: "restore homeless.yaml",
      stderr: /a Secret in it is without a namespace \(x\)\n[\s\S]*hint: add metadata\.name/,
      code: 1,
    },
    {
      name: "a flipped byte",
      line: "restore -i id flipped.age",
      stderr: /^error: .*\n {2}in "flipped.age"\n/,
      code: 1,
    },
    {
      name: "another age file",
      line: "restore -i id letter.age",
      stderr: /it holds no Secret\n {2}in "letter.age"\n/,
      code: 1,
    },
    { name: "no such context", line: "list --context nope", stderr: /Cannot use context "nope"/, code: 1 },
    {
      name: "a kubeconfig that points nowhere",
      line: "list --kubeconfig dead",
      stderr: /Cannot reach https:\/\/127.0.0.1:1: nothing listens there/,
      code: 1,
    },
    { name: "a mistyped subcommand", line: "lsit", stderr: /did you mean: sealkit keys list/, code: 2 },
  ])("$name: one error", async ({ line, stderr, code }) => {
    const clear = (await runCli("age -d -i id k", { files: { k: backup, id: identity } })).stdout;
    const letter = await runCli(`age -r ${recipient} -o letter.age in`, { files: { in: "Dear all,\n" } });
    const flipped = Uint8Array.from(backup);
    // Not the last letter of a line, some of whose bits may be unused.
    const at = Buffer.from(backup).lastIndexOf("\n", backup.length - 60) - 5;
    flipped[at] = flipped[at] === 0x41 ? 0x42 : 0x41;
    const result = await keys(line, first, {
      "nameless.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {namespace: n}\n",
      "homeless.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n",
      "letter.age": letter.files["letter.age"]?.bytes ?? "",
      "flipped.age": flipped,
      "keys.age": backup,
      "cut.age": backup.subarray(0, backup.length / 2),
      "changed.yaml": clear.replace("kind: List", "kind:  List"),
      "newer.yaml": clear.replace("backup v2", "backup v9"),
      "hello.txt": "hello\n",
      "broken.yaml":
        "apiVersion: v1\nkind: Secret\nmetadata: {name: k, namespace: n, labels: {sealedsecrets.bitnami.com/sealed-secrets-key: active}}\ndata: {tls.crt: eA==, tls.key: eA==}\n",
      dead: first.sandbox.kubeconfig().replace(/server: .*/, "server: https://127.0.0.1:1"),
      id: identity,
      other: generateX25519Identity(),
    });
    expect(result.stderr).toMatch(stderr);
    expect([result.code, result.stdout]).toEqual([code, ""]);
    expect(result.stderr).not.toMatch(/^\s+at |AGE-SECRET-KEY|PRIVATE KEY/m);
    expect(result.files["x.age"]).toBeUndefined();
  });
});

describe("keys split and combine", () => {
  test("the identity of three shares opens what is encrypted to the recipient; two do not", async () => {
    const made = await runCli("keys split -n 4 -k 3 -o shares");
    expect(made.code).toBe(0);
    const recipient = made.stdout.trim();
    const shares = [1, 2, 3, 4].map((at) => made.files[`shares/share-${at}-of-4.txt`]?.text ?? "");
    const files = Object.fromEntries(shares.map((text, at) => [`${at + 1}.txt`, text]));
    const combined = await runCli("keys combine 1.txt 4.txt 2.txt -o identity.txt", { files });
    expect([combined.code, combined.stdout, combined.stderr]).toEqual([0, "", `Public key: ${recipient}\n`]);
    const text = combined.files["identity.txt"]?.text ?? "";
    expect(combined.files["identity.txt"]?.mode.toString(8)).toBe("600");
    expect(parseIdentity(text.split("\n")[1] ?? "").name).toBe(recipient);
    const few = await runCli("keys combine 1.txt 4.txt", { files });
    expect(few.code).toBe(1);
    expect(few.stderr).toMatch(/^error: Cannot put the key shares together: 2 given, 3 of 4 needed\n/);
    expect(few.stderr + few.stdout).not.toMatch(/SEALKIT-SHARE-1|AGE-SECRET/);
  });

  test.each([
    {
      name: "a folder with shares already",
      line: "keys split -o s",
      files: { "s/share-4-of-5.txt": "x" },
      says: "it exists already",
    },
    { name: "more needed than made", line: "keys split -n 2 -k 3 -o s", files: {}, says: "Cannot split a secret" },
    { name: "no folder", line: "keys split", files: {}, says: "--output" },
    {
      name: "a file that is no share",
      line: "keys combine a.txt",
      files: { "a.txt": "hunter2" },
      says: "in a.txt, line 1",
    },
  ])("$name: refused", async ({ line, files, says }) => {
    const { code, stdout, stderr, files: after } = await runCli(line, { files });
    expect(Object.keys(after)).toEqual(Object.keys(files));
    expect(code).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("hunter2");
  });
});
