import { beforeAll, expect, test } from "vitest";
import { ClearText } from "../../../src/clear-text.ts";
import { backupText, carryOutRestore, listSealingKeys, parseBackup, planRestore } from "../../../src/keys/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";

const LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";
const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const NAMESPACES = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false } as const;
const NOW = Date.UTC(2026, 0, 31, 8);
const PLACE = { namespace: "kube-system" };

let first: SealingKeyPair;
let second: SealingKeyPair;
beforeAll(async () => {
  [first, second] = await Promise.all([makeSealingKey({ now: NOW }), makeSealingKey({ now: NOW })]);
});

function keySecret(name: string, certificatePem: string, privateKeyPem: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "kube-system", labels: { [LABEL]: "active" } },
    type: "kubernetes.io/tls",
    data: {
      "tls.crt": Buffer.from(certificatePem).toString("base64"),
      "tls.key": Buffer.from(privateKeyPem).toString("base64"),
    },
  };
}

function clusterWith(...secrets: readonly KubeObject[]) {
  const cluster = memoryCluster();
  cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
  for (const secret of secrets) cluster.put(SECRETS, secret);
  return cluster;
}

const good = () => keySecret("good", first.certificatePem, first.privateKeyPem);
const impostor = () => keySecret("impostor", first.certificatePem, second.privateKeyPem);

test("a key is what its private key is: a copied certificate does not stand for the key it was copied from", async () => {
  const client = clusterWith(impostor());
  const [key] = await listSealingKeys(client, PLACE);
  expect(key?.fingerprint).toBe(second.privateKey.fingerprint);
  expect(key?.problem).toBe("its certificate is of another key");
  const { steps } = await planRestore(client, [good()], PLACE);
  expect(
    steps.map(({ action }) => action),
    "the real key is not left out",
  ).toEqual(["create"]);
});

test("a key that nobody can read does not cost the others of its backup", async () => {
  const broken = keySecret("broken", "no certificate", "no key");
  const { clearText } = backupText([good(), broken], { now: NOW, writtenBy: "test" });
  const { secrets } = parseBackup(clearText);
  const client = clusterWith();
  const plan = await planRestore(client, secrets, PLACE);
  expect(plan.steps.map(({ name, action }) => [name, action])).toEqual([
    ["broken", "create"],
    ["good", "create"],
  ]);
  await carryOutRestore(client, plan);
  const again = await planRestore(client, secrets, PLACE);
  expect(again.steps.map(({ action }) => action)).toEqual(["keep", "keep"]);
  expect(again.newest).toBe(first.certificate.fingerprint);
});

test.each(["null", "1", '"x"'])("a manifest that lists %s instead of keys is damage, not a crash", (entry) => {
  const { clearText } = backupText([good()], { now: NOW, writtenBy: "test" });
  const text = clearText.revealText().replace(/"sealingKeys":\[.*?\]/, `"sealingKeys":[${entry}]`);
  expect(() => parseBackup(ClearText.fromText(text))).toThrow(expect.objectContaining({ code: "KEYS_BACKUP_DAMAGED" }));
});
