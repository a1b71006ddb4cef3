import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, type OurController, sealkitProgram, startController } from "../helpers/controller.ts";
import { canOwnNetwork } from "../helpers/own-network.ts";
import { peer } from "../helpers/peers.ts";
import { until } from "../helpers/process.ts";
import { prepareCluster, startUpstream, type Upstream } from "../helpers/upstream.ts";

const NAMESPACE = "apps";
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const SEALED = `/apis/bitnami.com/v1alpha1/namespaces/${NAMESPACE}/sealedsecrets`;
const KEYS =
  "/api/v1/namespaces/kube-system/secrets?labelSelector=sealedsecrets.bitnami.com%2Fsealed-secrets-key%3Dactive";
const SCOPES = ["strict", "namespace-wide", "cluster-wide"] as const;

/** Values that are easy to spoil: empty, binary, unicode, with line ends. */
const VALUES: Readonly<Record<string, string>> = {
  plain: btoa("correct horse"),
  empty: "",
  binary: Buffer.from([0, 255, 254, 13, 10, 0]).toString("base64"),
  unicode: Buffer.from("Grüße, 世界 🔐\n").toString("base64"),
};

describe.skipIf(!canOwnNetwork())("one controller takes the place of the other", () => {
  let cluster: Cluster;
  let ours: OurController | undefined;
  let theirs: Upstream | undefined;
  const expected = new Map<string, Readonly<Record<string, string>>>();

  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster({ controllerManager: true });
    await prepareCluster(cluster);
    await cluster.api("POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  });
  afterAll(() => cluster?.stop());

  const certificate = async (port: number) => {
    const file = join(cluster.folder, `cert-${port}-${expected.size}.pem`);
    writeFileSync(file, await fetch(`http://127.0.0.1:${port}/v1/cert.pem`).then((answer) => answer.text()));
    return file;
  };

  /** Seals one Secret of each scope with the given program and applies it. */
  const sealAndApply = async (prefix: string, program: readonly string[], certFile: string) => {
    for (const scope of SCOPES) {
      const name = `${prefix}-${scope}`;
      const secret = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: NAMESPACE }, data: VALUES };
      const command = [...program, "--cert", certFile, "--scope", scope, "--format", "json"];
      const sealed = await cluster.run(command, {
        input: JSON.stringify(secret),
        env: { ...process.env, HOME: cluster.folder, KUBECONFIG: cluster.kubeconfig },
      });
      expect(sealed.code, sealed.stderr).toBe(0);
      const made = await cluster.api("POST", SEALED, sealed.stdout);
      expect(made.status, made.text).toBe(201);
      expected.set(name, VALUES);
    }
  };

  const secretsNow = async () => {
    const { json } = await cluster.api("GET", SECRETS);
    return new Map<string, { data: Record<string, string>; metadata: { resourceVersion: string; uid: string } }>(
      json.items.map((item: { metadata: { name: string } }) => [item.metadata.name, item]),
    );
  };

  const allPresent = async () => {
    const names = () => [...expected.keys()];
    await until("all Secrets are there", async () => {
      const now = await secretsNow();
      return names().every((name) => now.has(name));
    });
    const now = await secretsNow();
    for (const [name, values] of expected) {
      const data = now.get(name)?.data ?? {};
      // The API drops an empty value of `data` on the way out of some writers: absent and empty are the same bytes.
      for (const [item, value] of Object.entries(values)) expect(data[item] ?? "", `${name} ${item}`).toBe(value);
    }
    await until("all are synced", async () => {
      const { json } = await cluster.api("GET", SEALED);
      return json.items.every(
        (item: { status?: { conditions?: { status: string }[] } }) => item.status?.conditions?.[0]?.status === "True",
      );
    });
  };

  /** What must not change while one controller takes over from the other. */
  const versions = async () =>
    [...(await secretsNow())].map(([name, { metadata }]) => `${name} ${metadata.uid} ${metadata.resourceVersion}`);

  const keys = async () => {
    const { json } = await cluster.api("GET", KEYS);
    return json.items.map((item: { metadata: { name: string } }) => item.metadata.name).sort();
  };

  test("the original makes a key and unseals what its kubeseal sealed", async () => {
    theirs = await startUpstream(cluster);
    expect(await keys()).toHaveLength(1);
    await sealAndApply("theirs", [peer("kubeseal")], await certificate(theirs.port));
    await allPresent();
  });

  test("ours takes over: the same key, no Secret changed, no new key", async () => {
    const [before, keysBefore] = [await versions(), await keys()];
    await theirs?.stop();
    ours = await startController(cluster);
    // It looks at every object once after its start; give it the time to do something wrong.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await versions()).toEqual(before);
    expect(await keys()).toEqual(keysBefore);
  });

  test("ours unseals what the original kubeseal seals, and what ours seals", async () => {
    const { port } = ours ?? { port: 0 };
    await sealAndApply("theirs-for-ours", [peer("kubeseal")], await certificate(port));
    await sealAndApply("ours-for-ours", [...sealkitProgram(), "kubeseal"], await certificate(port));
    await allPresent();
  });

  test("ours renews the key", async () => {
    const before = await certificate(ours?.port ?? 0);
    ours?.running.kill("SIGUSR1");
    await until("there are two keys", async () => (await keys()).length === 2);
    await until("the new certificate is served", async () => {
      const [old, now] = [await cluster.run(["cat", before]), await ours?.ask("/v1/cert.pem")];
      return now?.status === 200 && now.text !== old.stdout;
    });
    await sealAndApply("after-renewal", [...sealkitProgram(), "kubeseal"], await certificate(ours?.port ?? 0));
    await allPresent();
  });

  test("the original takes over again: no Secret changed, and it opens what was sealed to our key", async () => {
    const [before, keysBefore] = [await versions(), await keys()];
    const certBefore = (await ours?.ask("/v1/cert.pem"))?.text;
    await ours?.stop();
    theirs = await startUpstream(cluster);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await versions()).toEqual(before);
    expect(await keys()).toEqual(keysBefore);
    const certNow = await fetch(`http://127.0.0.1:${theirs.port}/v1/cert.pem`).then((answer) => answer.text());
    expect(certNow).toBe(certBefore);
    await sealAndApply("ours-for-theirs", [...sealkitProgram(), "kubeseal"], await certificate(theirs.port));
    await allPresent();
  });

  test("a Secret that was deleted comes back, whoever made it", async () => {
    await cluster.api("DELETE", `${SECRETS}/ours-for-ours-strict`);
    await allPresent();
    await theirs?.stop();
    ours = await startController(cluster);
    await cluster.api("DELETE", `${SECRETS}/theirs-strict`);
    await allPresent();
  });

  test("deleting the SealedSecret deletes the Secret, whoever made it", async () => {
    for (const name of ["theirs-cluster-wide", "ours-for-theirs-cluster-wide"]) {
      await cluster.api("DELETE", `${SEALED}/${name}`);
      expected.delete(name);
      await until(`${name} is gone`, async () => (await cluster.api("GET", `${SECRETS}/${name}`)).status === 404);
    }
    await allPresent();
  });
});
