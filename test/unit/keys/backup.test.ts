import { beforeAll, describe, expect, test } from "vitest";
import {
  backupText,
  carryOutRestore,
  listSealingKeys,
  parseBackup,
  planRestore,
  renewSealingKey,
} from "../../../src/keys/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
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
    const one = backupText([live, keySecret(1), other("x")], { now: NOW });
    const two = backupText([other("x"), keySecret(1), keySecret(0)], { now: NOW });
    expect(one.clearText.revealText()).toBe(two.clearText.revealText());
    expect(one.manifest.sealingKeys.map(({ name }) => name)).toEqual(["sealed-secrets-key0", "sealed-secrets-key1"]);
    expect(one.manifest.otherSecrets).toEqual([{ namespace: "flux-system", name: "age", items: 1 }]);
  });

  test("comes back from parseBackup() as it was, and shows nothing by itself", () => {
    const { clearText, manifest } = backupText([keySecret(0), other("x")], { now: NOW });
    const backup = parseBackup(clearText);
    expect(backup.manifest).toEqual(manifest);
    expect(backup.secrets.map(({ metadata }) => metadata.name)).toEqual(["age", "sealed-secrets-key0"]);
    expect(`${clearText}${JSON.stringify(clearText)}`).not.toContain("data");
  });

  test("without a sealing key is refused", () => {
    expect(() => backupText([other("x")], { now: NOW })).toThrow(
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
