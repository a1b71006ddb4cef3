import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { until } from "../helpers/process.ts";

const configMap = (name: string, owner?: { uid: string; name: string }) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name,
    ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", ...owner }] }),
  },
  data: { a: "1" },
});
const MAPS = "/api/v1/namespaces/default/configmaps";

describe("startCluster()", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true, users: { alice: ["developers"] } });
  });
  afterAll(async () => {
    const { folder } = cluster;
    await cluster.stop();
    expect(existsSync(folder)).toBe(false);
  });

  test("serves the pinned version", async () => {
    expect((await cluster.api("GET", "/version")).json.gitVersion).toBe("v1.36.3");
  });

  test("knows its users and gives them no rights by itself", async () => {
    const denied = await cluster.api("GET", MAPS, undefined, { token: cluster.token("alice") });
    expect([denied.status, denied.json.message]).toEqual([403, expect.stringContaining('User "alice"')]);
    expect((await cluster.api("GET", MAPS, undefined, { token: "wrong" })).status).toBe(401);
  });

  test("kubectl works through the kubeconfig", async () => {
    expect((await cluster.kubectl(["get", "namespaces", "-o", "name"])).stdout).toContain("namespace/default\n");
  });

  test("keeps its data over a kill -9 of the API server", async () => {
    expect((await cluster.api("POST", MAPS, configMap("kept"))).status).toBe(201);
    await cluster.killApiServer();
    await expect(cluster.api("GET", "/readyz")).rejects.toThrow();
    await cluster.restartApiServer();
    expect((await cluster.api("GET", `${MAPS}/kept`)).json.data).toEqual({ a: "1" });
  });

  test("collects what an owner leaves behind", async () => {
    const owner = (await cluster.api("POST", MAPS, configMap("owner"))).json;
    await cluster.api("POST", MAPS, configMap("owned", { name: "owner", uid: owner.metadata.uid }));
    await cluster.api("DELETE", `${MAPS}/owner`);
    await until("the owned object is gone", async () => (await cluster.api("GET", `${MAPS}/owned`)).status === 404);
  });

  test("a ServiceAccount gets a token", async () => {
    await cluster.api("POST", "/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "worker" } });
    const token = await cluster.serviceAccountToken("default", "worker");
    const denied = await cluster.api("GET", MAPS, undefined, { token });
    expect(denied.json.message).toContain('User "system:serviceaccount:default:worker" cannot list');
  });
});
