import { afterEach, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import { Api, eventually } from "../../conformance/endpoint.ts";

const path = "/apis/apps/v1/namespaces/default/deployments";
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "c:1" }] } },
  },
};

describe("the pretence that workloads become ready", () => {
  let sandbox: Sandbox | undefined;
  afterEach(async () => sandbox?.close());

  test("a deployment is available in every generation", async () => {
    sandbox = await startSandbox();
    const api = new Api(sandbox.endpoint);
    await api.post(path, deployment);
    for (const [replicas, generation] of [
      [2, 1],
      [5, 2],
    ]) {
      if (generation === 2) await api.patch("merge", `${path}/web`, { spec: { replicas } });
      const ready = await eventually("available", async () => {
        const { json } = await api.get(`${path}/web`);
        return json.status.observedGeneration === generation ? json : undefined;
      });
      expect(ready.status).toMatchObject({
        replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
        updatedReplicas: replicas,
      });
      expect(
        ready.status.conditions.map((each: { type: string; status: string }) => `${each.type}=${each.status}`),
      ).toEqual(["Available=True", "Progressing=True"]);
      expect(ready.metadata.generation).toBe(generation);
    }
    api.close();
  });

  test("it can be switched off", async () => {
    sandbox = await startSandbox({ pretendReady: false });
    const api = new Api(sandbox.endpoint);
    await api.post(path, deployment);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await api.get(`${path}/web`)).json.status).toEqual({});
    api.close();
  });

  test("a status that somebody else wrote for the same generation is not fought over", async () => {
    sandbox = await startSandbox();
    const api = new Api(sandbox.endpoint);
    const pods = "/api/v1/namespaces/default/pods";
    await api.post(pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "c" }] },
    });
    await eventually("running", async () =>
      (await api.get(`${pods}/p`)).json.status.phase === "Running" ? true : undefined,
    );
    await api.patch("merge", `${pods}/p/status`, { status: { phase: "Failed" } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await api.get(`${pods}/p`)).json.status.phase).toBe("Failed");
    api.close();
  });
});
