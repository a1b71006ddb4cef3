import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { doesWithoutOwnNetwork } from "../helpers/own-network.ts";
import { until } from "../helpers/process.ts";
import { kubeseal, prepareCluster, publishController, startUpstream } from "../helpers/upstream.ts";

const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "db", namespace: "default" },
  stringData: { password: "s3cret" },
};

describe.skipIf(doesWithoutOwnNetwork())("the original controller and kubeseal on a real API server", () => {
  let cluster: Cluster;
  let before: string;
  // Where tests run in a pod, the machine has such a folder of its own.
  const accounts = async () => (await cluster.run(["ls", "-lR", "/var/run/secrets"])).stdout;
  beforeAll(async () => {
    cluster = await startCluster({ namespaceOfOwn: true });
    before = await accounts();
    await prepareCluster(cluster);
    const upstream = await startUpstream(cluster, { args: ["--rate-limit=100", "--rate-limit-burst=100"] });
    await publishController(cluster, upstream.port);
  });
  afterAll(() => cluster?.stop());

  test("kubeseal seals through the service proxy and the controller unseals", async () => {
    const sealed = await kubeseal(cluster, ["-o", "yaml"], { input: JSON.stringify(secret) });
    expect(sealed.code, sealed.stderr).toBe(0);
    expect((await kubeseal(cluster, ["--validate"], { input: sealed.stdout })).code).toBe(0);
    await cluster.apply(sealed.stdout);
    const path = "/api/v1/namespaces/default/secrets/db";
    await until("the Secret is there", async () => (await cluster.api("GET", path)).status === 200);
    expect((await cluster.api("GET", path)).json.data).toEqual({ password: btoa("s3cret") });
    const state = (await cluster.api("GET", "/apis/bitnami.com/v1alpha1/namespaces/default/sealedsecrets/db")).json;
    expect(state.status.conditions[0]).toMatchObject({ type: "Synced", status: "True" });
  });

  test("kubeseal re-encrypts through the service proxy", async () => {
    const sealed = await kubeseal(cluster, ["-o", "json"], { input: JSON.stringify(secret) });
    const again = await kubeseal(cluster, ["--re-encrypt", "-o", "json"], { input: sealed.stdout });
    expect(again.code, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout).spec.encryptedData.password).not.toBe(
      JSON.parse(sealed.stdout).spec.encryptedData.password,
    );
  });

  test("nothing of it is left on the machine's own folders", async () => {
    expect(await accounts()).toBe(before);
  });
});
