import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../../../cli/sandbox/whole-cluster.ts";
import type { SealingKeyPair } from "../../../../src/x509/index.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: default}\nstringData: {user: admin}\n";
const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";

describe("sealkit keys import and retire", () => {
  let cluster: WholeCluster;
  let own: SealingKeyPair;
  let old: SealingKeyPair;
  let first = "";

  const keys = (line: string, files: Record<string, string> = {}) =>
    runCli(`keys ${line}`, { files: { kc: cluster.sandbox.kubeconfig(), ...files }, env: { KUBECONFIG: "kc" } });
  const pem = ({ certificatePem, privateKeyPem }: SealingKeyPair) => ({ c: certificatePem, k: privateKeyPem });
  const list = async (line = "") => JSON.parse((await keys(`list -o json ${line}`)).stdout);

  beforeAll(async () => {
    const settings = { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 };
    cluster = await startWholeCluster({ settings });
    await cluster.controllers.ready;
    own = await makeSealingKey({ now: Date.now() + 3_600_000 });
    old = await makeSealingKey({ now: Date.UTC(2020, 0), lifetimeMs: 86_400_000 });
    first = (await list())[0].name;
  }, 60_000);
  afterAll(() => cluster.close());

  test.each([
    {
      name: "a certificate of another key",
      files: () => ({ ...pem(own), c: old.certificatePem }),
      says: "the certificate is of another key",
    },
    { name: "an expired certificate", files: () => pem(old), says: "it has expired" },
    { name: "no certificate", files: () => ({ c: "x", k: own.privateKeyPem }), says: "Cannot read certificate" },
    { name: "no private key", files: () => ({ c: own.certificatePem, k: "x" }), says: "private key" },
    { name: "a missing file", files: () => ({ c: own.certificatePem }), says: 'Cannot read "k": no such file' },
  ])("import of $name is refused, and nothing is written", async ({ files, says }) => {
    const { code, stdout, stderr } = await keys("import --cert c --key k", files());
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("PRIVATE KEY-----");
    expect(await list("--skip-count")).toHaveLength(1);
  });

  test("import adds a key once, and says whether it seals", async () => {
    const dry = await keys("import --cert c --key k --dry-run", pem(own));
    expect([dry.code, dry.stderr]).toEqual([0, `Key and certificate fit: ${own.certificate.fingerprint}, 2048 bits\n`]);
    const done = await keys("import --cert c --key k -o json", pem(own));
    expect([done.code, done.stderr]).toEqual([0, "New Secrets are sealed with it. Back it up: sealkit keys backup\n"]);
    expect(JSON.parse(done.stdout)).toMatchObject({ fingerprint: own.certificate.fingerprint, created: true });
    const again = await keys("import --cert c --key k -o json", pem(own));
    expect(again.stderr).toBe("The cluster has this key already\n");
    expect(JSON.parse(again.stdout).created).toBe(false);
    const early = await keys("list --skip-count");
    expect(early.stderr).toMatch(
      /^warning: the certificate of \S+ begins in the future, 20\S+Z: look at the clocks\n$/,
    );
    const [newest, other] = await list("--skip-count");
    expect([newest.fingerprint, other.name]).toEqual([own.certificate.fingerprint, first]);
  });

  test("retire refuses what a SealedSecret needs, in the cluster or in a repository", async () => {
    await cluster.client.get(SECRETS, { namespace: "kube-system", name: first });
    const secret = await cluster.client.get<never>(SECRETS, { namespace: "kube-system", name: first });
    const certificate = Buffer.from(secret?.["data"]["tls.crt"] ?? "", "base64").toString();
    const sealed = await runCli("kubeseal --cert c -o yaml", { stdin: SECRET, files: { c: certificate } });
    const files = { "repo/db.yaml": sealed.stdout };
    const inGit = await keys(`retire ${first} --repo repo`, files);
    expect(inGit.code).toBe(1);
    expect(inGit.stderr).toContain(`error: Cannot retire key ${first}: 1 SealedSecrets need it\n`);
    expect(inGit.stderr).toContain("SealedSecret/default/db (user) in db.yaml:");
    const counted = JSON.parse((await keys("list -o json --repo repo", files)).stdout);
    expect(counted.map(({ neededInGit }: { neededInGit: number }) => neededInGit)).toEqual([0, 1]);
    const table = await keys("list --repo repo", files);
    expect(table.stdout).toMatch(/ 0 in cluster, 1 in Git\n$/);

    const resource = await cluster.client.resourceFor("bitnami.com/v1alpha1", "SealedSecret");
    const json = await runCli("kubeseal --cert c", { stdin: SECRET, files: { c: certificate } });
    await cluster.client.create(resource ?? SECRETS, JSON.parse(json.stdout));
    const inCluster = await keys(`retire ${first}`);
    expect(inCluster.stderr).toContain("SealedSecret/default/db (user) in the cluster");
    await cluster.client.delete(resource ?? SECRETS, { namespace: "default", name: "db" });
  });

  test.each([
    { name: "the newest key", key: () => own.certificate.fingerprint, says: "new Secrets are sealed with it" },
    { name: "a key that is not there", key: () => "nope", says: 'Cannot find the key "nope": there is none' },
    { name: "a beginning that is too short", key: () => "SHA", says: "there is none" },
  ])("retire of $name is refused", async ({ key, says }) => {
    const { code, stderr } = await keys(`retire ${key()}`);
    expect(code).toBe(1);
    expect(stderr).toContain(says);
  });

  test("retire takes an unneeded key out of use, and keeps its Secret", async () => {
    const [, { fingerprint }] = await list("--skip-count");
    const dry = await keys(`retire ${fingerprint.slice(0, 14)} --dry-run`);
    expect([dry.code, dry.stderr]).toEqual([
      0,
      `Repositories were not looked at: name them with --repo\nNothing needs ${first}: it could be retired\n`,
    ]);
    expect((await keys(`retire ${fingerprint}`)).code).toBe(0);
    const [, retired] = await list("--skip-count");
    expect(retired).toMatchObject({ name: first, status: "retired" });
    const relabel = { metadata: { labels: { [LABEL]: "compromised" } } };
    await cluster.client.patch(SECRETS, { namespace: "kube-system", name: first }, relabel, { type: "merge" });
    expect((await list("--skip-count"))[1].status).toBe("compromised");
    // Somebody else may have it: that mark is not lost.
    const again = await keys(`retire ${fingerprint} -o json`);
    expect([again.code, JSON.parse(again.stdout).status]).toEqual([0, "compromised"]);
    expect(again.stderr).toContain(`${first} is out of use already: it is compromised, and stays so\n`);
    expect((await list("--skip-count"))[1].status).toBe("compromised");
  });
});
