import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEALED_SECRETS } from "../../controller/api/index.ts";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import { type RunningControllers, startControllers } from "../../controller/start.ts";
import { ClearText } from "../../src/clear-text.ts";
import { createKubeClient, type KubeClient, loadClusterConfig } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { SCOPES } from "../../src/sealed/index.ts";
import { sealSecret } from "../../src/secrets/index.ts";
import { readCertificate } from "../../src/x509/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { canOwnNetwork } from "../helpers/own-network.ts";
import { peer } from "../helpers/peers.ts";
import { runProcess, until } from "../helpers/process.ts";
import { CONTROLLER_NAMESPACE, prepareCluster, startUpstream, type Upstream } from "../helpers/upstream.ts";
import { sealedSecretSuite } from "../suites/sealedsecret.ts";

const configOf = (cluster: Cluster) =>
  loadClusterConfig({ env: {}, cwd: cluster.folder, kubeconfig: cluster.kubeconfig });

sealedSecretSuite("SealedSecret on a real API server", async () => {
  const cluster = await startCluster({ controllerManager: true });
  return {
    config: await configOf(cluster),
    loseWatches: async () => {
      await cluster.killApiServer();
      await cluster.restartApiServer();
    },
    stop: () => cluster.stop(),
  };
});

describe.skipIf(!canOwnNetwork())("side by side with the original controller", () => {
  const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
  const namespace = "default";
  let cluster: Cluster;
  let client: KubeClient;
  let upstream: Upstream | undefined;
  let ours: RunningControllers | undefined;

  beforeAll(async () => {
    cluster = await startCluster({ namespaceOfOwn: true });
    await prepareCluster(cluster);
    client = createKubeClient(await configOf(cluster));
  });
  afterAll(async () => {
    await ours?.stop();
    await client?.close();
    await cluster?.stop();
  });

  const switchTo = async (which: "ours" | "original") => {
    await ours?.stop();
    await upstream?.stop();
    [ours, upstream] = [undefined, undefined];
    if (which === "original") {
      upstream = await startUpstream(cluster, { args: ["--kubeclient-qps=-1"] });
      return;
    }
    ours = await startControllers({ client, namespace: CONTROLLER_NAMESPACE, families: [sealedSecretFamily()] });
    await ours.ready;
  };

  const newestCertificate = async () => {
    const { items } = await client.list<KubeObject>(SECRETS, {
      namespace: CONTROLLER_NAMESPACE,
      labelSelector: "sealedsecrets.bitnami.com/sealed-secrets-key=active",
    });
    expect(items).toHaveLength(1);
    return Buffer.from(
      (items[0]?.["data"] as Record<string, string> | undefined)?.["tls.crt"] ?? "",
      "base64",
    ).toString();
  };

  const data = { plain: "s3cret", unicode: "hällo ☃", empty: "", large: "x".repeat(200_000) };

  const sealWithOurs = async (name: string, scope: (typeof SCOPES)[number]) =>
    sealSecret(
      {
        metadata: { name, namespace, labels: { app: "x" } },
        type: "my/type",
        immutable: undefined,
        data: new Map(Object.entries(data).map(([key, value]) => [key, ClearText.fromText(value)])),
      },
      { spki: readCertificate(await newestCertificate()).spki, scope },
    );

  const sealWithTheirs = async (name: string, scope: string): Promise<KubeObject> => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      type: "my/type",
      metadata: { name, namespace, labels: { app: "x" } },
      stringData: data,
    };
    const sealed = await runProcess([peer("kubeseal"), "--cert", await certificateFile(), "--scope", scope], {
      input: JSON.stringify(secret),
    });
    expect(sealed.code, sealed.stderr).toBe(0);
    return JSON.parse(sealed.stdout) as KubeObject;
  };

  const certificateFile = async () => {
    const path = `${cluster.folder}/cert.pem`;
    writeFileSync(path, await newestCertificate());
    return path;
  };

  const allSynced = async (count: number) => {
    await until(`${count} are synced`, async () => {
      const { items } = await client.list<KubeObject>(SEALED_SECRETS, { namespace });
      const conditions = items.map(
        (item) => (item["status"] as { conditions?: { status: string }[] } | undefined)?.conditions?.[0]?.status,
      );
      return conditions.length === count && conditions.every((status) => status === "True");
    });
  };

  const secrets = async () =>
    (await client.list<KubeObject>(SECRETS, { namespace })).items
      .map(({ metadata: { managedFields: _, ...metadata }, type, ...rest }) => ({ metadata, type, data: rest["data"] }))
      .sort((a, b) => (a.metadata.name ?? "").localeCompare(b.metadata.name ?? ""));

  test("it makes the key, both seal, ours opens all; then the other way round; no switch changes a Secret", async () => {
    await switchTo("original");
    for (const scope of SCOPES) {
      await client.create(SEALED_SECRETS, await sealWithOurs(`first-ours-${scope}`, scope));
      await client.create(SEALED_SECRETS, await sealWithTheirs(`first-theirs-${scope}`, scope));
    }
    await allSynced(6);
    const made = await secrets();
    for (const secret of made) {
      const values = Object.entries(secret["data"] as Record<string, string>).map(([key, value]) => [
        key,
        Buffer.from(value, "base64").toString(),
      ]);
      expect(Object.fromEntries(values)).toEqual(data);
    }

    await switchTo("ours");
    for (const scope of SCOPES) {
      await client.create(SEALED_SECRETS, await sealWithOurs(`second-ours-${scope}`, scope));
      await client.create(SEALED_SECRETS, await sealWithTheirs(`second-theirs-${scope}`, scope));
    }
    await allSynced(12);
    await ours?.stop();
    ours = undefined;
    const both = await secrets();
    expect(both.filter(({ metadata: { name = "" } }) => name.startsWith("first-"))).toEqual(made);
    const contents = (word: string) =>
      both
        .filter(({ metadata: { name = "" } }) => name.startsWith(word))
        .map(({ metadata: { labels, annotations }, data, type }) => ({ labels, annotations, data, type }));
    expect(contents("second-")).toEqual(contents("first-"));

    await switchTo("original");
    const name = "marker";
    await client.create(SEALED_SECRETS, await sealWithOurs(name, "strict"));
    await allSynced(13);
    await upstream?.stop();
    upstream = undefined;
    expect((await secrets()).filter((secret) => secret.metadata.name !== name)).toEqual(both);
  });

  test("a key that ours made opens for the original", async () => {
    const { items } = await client.list<KubeObject>(SECRETS, { namespace: CONTROLLER_NAMESPACE });
    for (const key of items)
      await client.delete(SECRETS, { namespace: CONTROLLER_NAMESPACE, name: key.metadata.name ?? "" });
    await switchTo("ours");
    await newestCertificate();
    await switchTo("original");
    await client.create(SEALED_SECRETS, await sealWithTheirs("third", "strict"));
    await until("it is opened", async () => (await client.get(SECRETS, { namespace, name: "third" })) !== undefined);
  });
});
