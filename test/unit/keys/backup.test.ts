import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { parseIdentitiesFile } from "../../../src/age/index.ts";
import { encodeUtf8 } from "../../../src/bytes/utf8.ts";
import { ClearText } from "../../../src/clear-text.ts";
import {
  backupDigest,
  backupText,
  carryOutRestore,
  listSealingKeys,
  openingMeans,
  parseBackup,
  parseBackupDigest,
  planRestore,
  readBackup,
  recordedBackup,
  renewSealingKey,
  sealedInCluster,
} from "../../../src/keys/index.ts";
import { KubeError } from "../../../src/kube/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { sealedInFile, verifySealed } from "../../../src/secrets/index.ts";
import { decrypt } from "../../../src/sops/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";

const LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";
const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const NAMESPACES = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false } as const;
const NOW = Date.UTC(2026, 0, 31, 8);
const PLACE = { namespace: "kube-system" };

let pairs: readonly SealingKeyPair[];
beforeAll(async () => {
  pairs = await Promise.all([0, 1, 1].map((day) => makeSealingKey({ now: NOW - (2 - day) * 86_400_000 })));
});

const base64 = (text: string) => Buffer.from(text).toString("base64");

function keySecret(at: number, { name = `sealed-secrets-key${at}`, label = "active" } = {}): KubeObject {
  const pair = pairs[at];
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "kube-system", labels: { [LABEL]: label } },
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(pair?.certificatePem ?? ""), "tls.key": base64(pair?.privateKeyPem ?? "") },
  };
}

const other = (value: string, item = "age.agekey"): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "age", namespace: "flux-system" },
  data: { [item]: base64(value) },
});

function clusterWith(...secrets: readonly KubeObject[]) {
  const cluster = memoryCluster();
  for (const name of ["kube-system", "flux-system"]) {
    cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  for (const secret of secrets) cluster.put(SECRETS, secret);
  return cluster;
}

describe("backupText()", () => {
  test("is the same for the same Secrets in any order, whatever their cluster added", () => {
    const live = {
      ...keySecret(0),
      metadata: { ...keySecret(0).metadata, uid: "u", resourceVersion: "7", managedFields: [] },
    };
    const one = backupText([live, keySecret(1), other("x")], { now: NOW, writtenBy: "test" });
    const two = backupText([other("x"), keySecret(1), keySecret(0)], { now: NOW, writtenBy: "test" });
    expect(one.clearText.revealText()).toBe(two.clearText.revealText());
    expect(one.manifest.sealingKeys.map(({ name }) => name)).toEqual(["sealed-secrets-key0", "sealed-secrets-key1"]);
    expect(one.manifest.otherSecrets).toEqual([{ namespace: "flux-system", name: "age", items: 1 }]);
  });

  test("comes back from parseBackup() as it was, and shows nothing by itself", () => {
    const { clearText, manifest } = backupText([keySecret(0), other("x")], { now: NOW, writtenBy: "test" });
    const backup = parseBackup(clearText);
    expect(backup.manifest).toEqual(manifest);
    expect(backup.secrets.map(({ metadata }) => metadata.name)).toEqual(["age", "sealed-secrets-key0"]);
    expect(`${clearText}${JSON.stringify(clearText)}`).not.toContain("data");
  });

  test("holds SealedSecrets as they are written down, without what their cluster added", () => {
    const sealed: KubeObject = {
      apiVersion: "bitnami.com/v1alpha1",
      kind: "SealedSecret",
      metadata: {
        name: "db",
        namespace: "apps",
        uid: "u",
        annotations: { "sealedsecrets.bitnami.com/cluster-wide": "true" },
      },
      spec: { encryptedData: { a: "AgBy" } },
      status: { conditions: [] },
    };
    const sealedSecrets = { counted: 3, held: [sealed] };
    const { clearText, manifest } = backupText([keySecret(0)], { now: NOW, writtenBy: "test", sealedSecrets });
    expect(manifest.sealedSecrets).toEqual({ counted: 3, held: 1 });
    const { metadata, spec } = sealed;
    const { uid: _, ...kept } = metadata;
    const want = { apiVersion: sealed.apiVersion, kind: "SealedSecret", metadata: kept, spec };
    expect(parseBackup(clearText).sealedSecrets).toEqual([want]);
  });

  test("without a sealing key is refused", () => {
    expect(() => backupText([other("x")], { now: NOW, writtenBy: "test" })).toThrow(
      expect.objectContaining({ code: "KEYS_BACKUP_EMPTY" }),
    );
  });
});

describe("planRestore()", () => {
  test.each([
    { name: "a key that is not there", live: () => [], backup: () => keySecret(0), action: "create" },
    { name: "the same key", live: () => [keySecret(0)], backup: () => keySecret(0), action: "keep" },
    {
      name: "the same key under another name",
      live: () => [keySecret(0, { name: "byo" })],
      backup: () => keySecret(0),
      action: "keep",
    },
    {
      name: "a key that is retired there",
      live: () => [keySecret(0, { label: "compromised" })],
      backup: () => keySecret(0),
      action: "keep",
    },
    {
      name: "a key whose name is taken",
      live: () => [keySecret(1, { name: "sealed-secrets-key0" })],
      backup: () => keySecret(0),
      action: "rename",
    },
    { name: "a key without a name", live: () => [], backup: () => keySecret(0, { name: "" }), action: "rename" },
    { name: "a Secret that is not there", live: () => [], backup: () => other("x"), action: "create" },
    { name: "the same Secret", live: () => [other("x")], backup: () => other("x"), action: "keep" },
    {
      name: "a Secret that lacks an item",
      live: () => [other("x", "b.agekey")],
      backup: () => other("x"),
      action: "complete",
    },
    { name: "a Secret with another value", live: () => [other("y")], backup: () => other("x"), action: "conflict" },
  ])("$name: $action, and nothing a second time", async ({ live, backup, action }) => {
    const before = live();
    const cluster = clusterWith(...before);
    const plan = await planRestore(cluster, [backup()], PLACE);
    expect(plan.steps.map((step) => step.action)).toEqual([action]);
    await carryOutRestore(cluster, plan);
    const again = await planRestore(cluster, [backup()], PLACE);
    expect(again.steps.map((step) => step.action)).toEqual([action === "conflict" ? "conflict" : "keep"]);
    // What was there is there, with the values that it had.
    for (const { metadata, data } of before) {
      const kept = cluster.object("secrets", `${metadata.namespace}/${metadata.name}`);
      expect(kept).toMatchObject({ data: data ?? {} });
      expect(kept?.metadata.labels).toEqual(metadata.labels);
    }
  });

  test("makes namespaces that are missing, and says which key will be the newest", async () => {
    const cluster = memoryCluster();
    const plan = await planRestore(cluster, [keySecret(0), keySecret(1), other("x")], PLACE);
    expect(plan.namespaces).toEqual(["flux-system", "kube-system"]);
    expect(plan.newest).toBe(pairs[1]?.certificate.fingerprint);
    await carryOutRestore(cluster, plan);
    expect(cluster.objects("secrets")).toHaveLength(3);
  });
});

test("of two keys of the same second the one that is there already stays the newest", async () => {
  const there = keySecret(2, { name: "sealed-secrets-keyz" });
  const made = { ...there, metadata: { ...there.metadata, creationTimestamp: "2026-01-31T07:59:00Z" } };
  const plan = await planRestore(clusterWith(made), [keySecret(1)], PLACE);
  expect(plan.newest).toBe(pairs[2]?.certificate.fingerprint);
});

describe("renewSealingKey()", () => {
  test("makes a key that is newer than any, also when another clock is ahead", async () => {
    const ahead = await makeSealingKey({ now: NOW + 3_600_000 });
    const cluster = clusterWith({
      ...keySecret(0),
      data: { "tls.crt": base64(ahead.certificatePem), "tls.key": base64(ahead.privateKeyPem) },
    });
    const made = await renewSealingKey(cluster, { ...PLACE, now: NOW, bits: 2048, lifetimeMs: 1e9 });
    const keys = await listSealingKeys(cluster, PLACE);
    expect(keys.map(({ status, fingerprint }) => [status, fingerprint])).toEqual([
      ["newest", made.fingerprint],
      ["active", ahead.certificate.fingerprint],
    ]);
  });
});

describe("what a backup is known by", () => {
  const HEX = "0123456789abcdef".repeat(4);
  test.each([
    { text: `sha256:${HEX}`, want: `sha256:${HEX}` },
    { text: ` ${HEX.toUpperCase()}\n`, want: `sha256:${HEX}` },
    { text: `sha512:${HEX}`, want: undefined },
    { text: HEX.slice(1), want: undefined },
    { text: `${HEX}0`, want: undefined },
    { text: `${HEX.slice(1)}g`, want: undefined },
    { text: "", want: undefined },
  ])("$text", ({ text, want }) => {
    expect(parseBackupDigest(text)).toBe(want);
  });

  test("another file than the expected one is refused, whether it would open or not", async () => {
    const file = encodeUtf8("hunter2");
    const reading = readBackup(file, { identities: [], expectDigest: `sha256:${HEX}` });
    await expect(reading).rejects.toMatchObject({
      code: "KEYS_BACKUP_OTHER",
      details: [`expected: sha256:${HEX}`, `found:    ${backupDigest(file)}`],
    });
    await expect(readBackup(file, { identities: [], expectDigest: backupDigest(file) })).rejects.not.toMatchObject({
      code: "KEYS_BACKUP_OTHER",
    });
  });

  test("the record of a cluster: absent, of an older controller, not to be read, and one that fails", async () => {
    const maps = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true } as const;
    const cluster = memoryCluster();
    const recorded = () => recordedBackup(cluster, "kube-system");
    expect(await recorded()).toBeUndefined();
    const metadata = { name: "sealkit-backup", namespace: "kube-system" };
    cluster.put(maps, { apiVersion: "v1", kind: "ConfigMap", metadata, data: { place: "s3://b/k", lastGood: "x" } });
    expect(await recorded()).toBeUndefined();
    const data = { place: "s3://b/k", digest: `sha256:${HEX}`, written: "2026-01-02T03:04:05Z" };
    cluster.put(maps, { apiVersion: "v1", kind: "ConfigMap", metadata, data });
    expect(await recorded()).toEqual(data);
    for (const [status, want] of [
      [403, undefined],
      [500, "refused"],
    ] as const) {
      cluster.failures.set("get configmaps", () => new KubeError("KUBE_API", "no", { status, apiMessage: "no" }));
      expect(await recorded().catch(() => "refused")).toBe(want);
    }
  });
});

describe("backups of earlier versions", () => {
  const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/keys/${name}`, import.meta.url));

  test.each([
    {
      version: 1,
      created: "2026-11-21T16:13:09Z",
      counted: { secrets: 3, held: 0, items: 1 },
      key: "SHA256:KAIW92rUaddKwcs9Ld84uswgy9l0vfX2mYS8McE0iEU",
    },
    {
      version: 2,
      created: "2026-11-21T19:09:16Z",
      counted: { secrets: 3, held: 1, items: 2 },
      key: "SHA256:NVUSvBFaO79jbHrSZFf15Dfq0CYdAxnDoco99rQuiZ4",
    },
  ])("version $version opens, and its keys open what was made for them", async ({ version, created, counted, key }) => {
    const identities = parseIdentitiesFile(fixture("identity.txt").toString());
    const backup = await readBackup(fixture(`backup-v${version}.age`), { identities });
    expect(backup.manifest).toMatchObject({ version, created, otherSecrets: [{ items: counted.items }] });
    expect([backup.secrets.length, backup.sealedSecrets.length]).toEqual([counted.secrets, counted.held]);
    const means = openingMeans(backup, { parallel: 1 });
    const sealed = sealedInFile(fixture(`sealed-v${version}.yaml`), "sealed.yaml").map(({ object }) => object);
    for (const object of [...sealed, ...backup.sealedSecrets]) {
      expect(await verifySealed(object, means.sealed, {})).toEqual(new Map([["password", key]]));
    }
    for (const file of version === 1 ? ["sops-v1.yaml"] : ["sops-v2.yaml", "sops-v2-pgp.yaml"]) {
      expect((await decrypt(fixture(file), "yaml", means.sops)).clearText.revealText()).toMatch(/^db:\n/);
    }
  });

  test.each([
    { name: "a version that is to come", title: "v3", code: "KEYS_BACKUP_VERSION" },
    { name: "no version at all", title: "", code: "KEYS_BACKUP_VERSION" },
  ])("$name is refused", ({ title, code }) => {
    const text = backupText([keySecret(0)], { now: NOW, writtenBy: "test" }).clearText.revealText();
    const changed = ClearText.fromText(text.replace("# sealkit key backup v2", `# sealkit key backup ${title}`));
    expect(() => parseBackup(changed)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    { name: "a SealedSecret that was cut out", change: (text: string) => text.replace(/---\n[\s\S]*$/, "") },
    { name: "another number of them", change: (text: string) => text.replace('"held":1', '"held":2') },
    { name: "counts that are none", change: (text: string) => text.replace('{"counted":1,"held":1}', "7") },
    { name: "an altered value", change: (text: string) => text.replace("AgBy", "AgBz") },
  ])("$name: refused as damaged", ({ change }) => {
    const held = [
      { apiVersion: "x", kind: "SealedSecret", metadata: { name: "a" }, spec: { encryptedData: { a: "AgBy" } } },
    ];
    const options = { now: NOW, writtenBy: "test", sealedSecrets: { counted: 1, held } };
    const text = backupText([keySecret(0)], options).clearText.revealText();
    expect(() => parseBackup(ClearText.fromText(change(text)))).toThrow(
      expect.objectContaining({ code: "KEYS_BACKUP_DAMAGED" }),
    );
  });
});

describe("SealedSecrets of a backup", () => {
  const sealed = {
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name: "a", namespace: "apps" },
    spec: {},
  };
  const resource = {
    group: "bitnami.com",
    version: "v1alpha1",
    plural: "sealedsecrets",
    kind: "SealedSecret",
    namespaced: true,
  } as const;

  test.each([
    { name: "the cluster does not know them", served: false, live: [], action: "later" },
    { name: "it is not there", served: true, live: [], action: "create" },
    {
      name: "another of that name is there",
      served: true,
      live: [{ ...sealed, spec: { encryptedData: {} } }],
      action: "keep",
    },
  ])("$name: $action", async ({ served, live, action }) => {
    const cluster = clusterWith();
    const asked = served
      ? { ...cluster, resourceFor: async () => resource }
      : { ...cluster, resourceFor: async () => undefined };
    for (const object of live) cluster.put(resource, object);
    const plan = await planRestore(asked, [], { ...PLACE, sealedSecrets: [sealed] });
    expect(plan.steps.map((step) => step.action)).toEqual([action]);
    expect(plan.namespaces).toEqual(action === "create" ? ["apps"] : []);
  });

  test.each([
    { name: "by hand", metadata: {}, held: true },
    { name: "by a Kustomization", metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "x" } }, held: false },
    { name: "by Helm", metadata: { annotations: { "meta.helm.sh/release-name": "x" } }, held: false },
    { name: "by Argo CD", metadata: { annotations: { "argocd.argoproj.io/tracking-id": "x" } }, held: false },
    { name: "by hand, and it is in a repository", metadata: { name: "known" }, held: false },
  ])("one that was put there $name: held: $held", async ({ metadata, held }) => {
    const cluster = clusterWith();
    cluster.put(resource, { ...sealed, metadata: { ...sealed.metadata, ...metadata } });
    const asked = { ...cluster, resourceFor: async () => resource };
    const known = new Set(["apps/known"]);
    const found = await sealedInCluster(asked, { hold: "unmanaged", known });
    expect([found.counted, found.held.length]).toEqual([1, held ? 1 : 0]);
    expect((await sealedInCluster(asked, { hold: "all", known })).held).toHaveLength(1);
    expect((await sealedInCluster(asked, { hold: "none", known })).held).toHaveLength(0);
  });
});
