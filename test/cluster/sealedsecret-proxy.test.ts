import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, type OurController, startController } from "../helpers/controller.ts";
import { doesWithoutOwnNetwork } from "../helpers/own-network.ts";
import { kubeseal, prepareCluster, publishController } from "../helpers/upstream.ts";

const PROXY = "/api/v1/namespaces/kube-system/services";

/** Sends requests at once to the API server from within its network, each with an address of its own invention. */
const ASK = `
const [url, ca, token, path, times, body] = process.argv.slice(1);
const { request } = require("node:https");
const once = (at) => new Promise((resolve, reject) => {
  const call = request(url + path, {
    method: body === undefined ? "GET" : "POST",
    ca: require("node:fs").readFileSync(ca),
    headers: { authorization: "Bearer " + token, "x-forwarded-for": "198.51.100." + at },
  }, (answer) => {
    let text = "";
    answer.on("data", (chunk) => { text += chunk; });
    answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
  });
  call.on("error", reject);
  call.end(body);
});
Promise.all(Array.from({ length: Number(times) }, (_, at) => once(at))).then((all) => console.log(JSON.stringify(all)));
`;

interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

describe.skipIf(doesWithoutOwnNetwork())("behind the API server's service proxy", () => {
  let cluster: Cluster;
  let controller: OurController;
  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster({ namespaceOfOwn: true });
    await prepareCluster(cluster);
    controller = await startController(cluster, { args: ["--key-size=2048"] });
    await publishController(cluster, controller.port);
  });
  afterAll(() => cluster?.stop());

  async function ask(path: string, { times = 1, body }: { times?: number; body?: string } = {}): Promise<Heard[]> {
    const words = [cluster.innerUrl, cluster.caFile, cluster.adminToken, PROXY + path, String(times)];
    const done = await cluster.run([process.execPath, "-e", ASK, ...words, ...(body === undefined ? [] : [body])]);
    if (done.code !== 0) throw new Error(done.stderr);
    return JSON.parse(done.stdout);
  }

  test.each(["http:sealed-secrets-controller:", "http:sealed-secrets-controller:8080", "sealed-secrets-controller"])(
    "a port without a name is reached as %s",
    async (name) => {
      const [answer] = await ask(`/${name}/proxy/v1/cert.pem`);
      expect([answer?.status, answer?.headers["content-type"]]).toEqual([200, "application/x-pem-file"]);
    },
  );

  test("three requests pass at once, then one has to wait; inventing addresses does not help", async () => {
    const path = "/http:sealed-secrets-controller:/proxy/v1/verify";
    const answers = await ask(path, { times: 40, body: "x" });
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(3);
    for (const { headers, text } of refused) {
      expect([headers["retry-after"], text]).toEqual(["1", "limit exceeded\n"]);
    }
  });

  test("kubeseal waits and goes on", async () => {
    const secret = (name: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "default" },
      stringData: { a: "1" },
    });
    const input = [1, 2, 3, 4, 5].map((at) => JSON.stringify(secret(`s${at}`))).join("\n");
    const sealed = await kubeseal(cluster, [], { input });
    expect(sealed.code, sealed.stderr).toBe(0);
    const validated = await kubeseal(cluster, ["--validate"], { input: sealed.stdout });
    expect([validated.code, validated.stderr]).toEqual([0, ""]);
  });
});
