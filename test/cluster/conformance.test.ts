import { afterAll, beforeAll, describe } from "vitest";
import { Api } from "../conformance/endpoint.ts";
import { conformance } from "../conformance/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";

describe("the API server does what the suite says", () => {
  let cluster: Cluster;
  let api: Api;
  beforeAll(async () => {
    cluster = await startCluster({ controllerManager: true });
    api = new Api({ url: cluster.url, caPem: cluster.ca, token: cluster.adminToken });
  });
  afterAll(async () => {
    api.close();
    await cluster.stop();
  });
  conformance(() => api, { record: process.env["RECORD"] === "1" });
});
