import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, startController } from "../helpers/controller.ts";
import { peer } from "../helpers/peers.ts";
import { until } from "../helpers/process.ts";
import { prepareCluster } from "../helpers/upstream.ts";

const args = ["--leader-elect", "--leader-election-name=sealkit-secrets", "--key-size=2048"];
const SEALED = "/apis/bitnami.com/v1alpha1/namespaces/default/sealedsecrets";
const SECRETS = "/api/v1/namespaces/default/secrets";

/** What a Deployment with maxSurge 1 does: the next process is ready before the former one is told to stop. */
describe("a roll-out", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster();
    await prepareCluster(cluster);
  });
  afterAll(() => cluster?.stop());

  test("leaves no moment without an answer, loses no object and touches no Secret that is done", async () => {
    const first = await startController(cluster, { args: [...args, "--shutdown-delay=5s"] });
    const cert = join(cluster.folder, "cert.pem");
    await until("there is a key", async () => {
      const answer = await first.ask("/v1/cert.pem");
      if (answer?.status === 200) writeFileSync(cert, answer.text);
      return answer?.status === 200;
    });
    const manifest = (name: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "default" },
      stringData: { a: name },
    });
    const names = Array.from({ length: 30 }, (_, at) => `s${at}`);
    const input = names.map((name) => JSON.stringify(manifest(name))).join("\n");
    const sealed = await cluster.run([peer("kubeseal"), "--cert", cert], { input });
    const objects = sealed.stdout.split(/^(?=\{)/m).filter((text) => text.trim() !== "");
    expect(objects).toHaveLength(30);
    const create = async (from: number, to: number) => {
      for (const object of objects.slice(from, to))
        expect((await cluster.api("POST", SEALED, object)).status).toBe(201);
    };
    const versions = async () =>
      new Map(
        (
          (await cluster.api("GET", SECRETS)).json.items as { metadata: { name: string; resourceVersion: string } }[]
        ).map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
      );
    await create(0, 10);
    await until("the first ten are there", async () => (await versions()).size === 10);
    const before = await versions();

    const second = await startController(cluster, { args });
    const wasReady = (await first.ask("/readyz"))?.status;
    expect((await second.ask("/v1/cert.pem"))?.text).toBe(readFileSync(cert, "utf8"));
    expect(readFileSync(second.running.log, "utf8")).not.toContain("Became the leader");

    // Whoever asks is sent to one of those that are ready, as by a Service.
    const answers: (number | undefined)[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const answer = first.running.alive() ? await first.ask("/v1/cert.pem") : undefined;
        answers.push(answer?.status ?? (await second.ask("/v1/cert.pem"))?.status);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    process.kill(first.running.pid, "SIGTERM");
    await until("the one that goes is no longer ready", async () => (await first.ask("/readyz"))?.status === 503);
    expect([wasReady, (await first.ask("/v1/cert.pem"))?.status]).toEqual([200, 200]);
    await create(10, 30);
    expect(await first.running.ended).toBe(0);
    await until("all are there", async () => (await versions()).size === 30, { timeoutMs: 60_000 });
    isOver = true;
    await asking;

    expect(answers.length).toBeGreaterThan(5);
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    const after = await versions();
    for (const [name, version] of before) expect(after.get(name), name).toBe(version);
    expect(readFileSync(second.running.log, "utf8")).toContain("Became the leader");
    const formerLog = readFileSync(first.running.log, "utf8");
    expect(formerLog).toContain('msg="Shutting down"');
    expect(formerLog).not.toMatch(/level=(WARN|ERROR)/);
    expect(await keyCount()).toBe(1);
    process.kill(second.running.pid, "SIGINT");
    expect(await second.running.ended).toBe(0);
  });

  async function keyCount(): Promise<number> {
    const selector = "labelSelector=sealedsecrets.bitnami.com/sealed-secrets-key";
    return (await cluster.api("GET", `/api/v1/namespaces/kube-system/secrets?${selector}`)).json.items.length;
  }

  test("two that start at once on an empty namespace make one key", async () => {
    const selector = "labelSelector=sealedsecrets.bitnami.com/sealed-secrets-key";
    await cluster.api("DELETE", `/api/v1/namespaces/kube-system/secrets?${selector}`);
    const both = await Promise.all([1, 2].map(() => startController(cluster, { args, impatient: true })));
    try {
      await until("both serve the same certificate", async () => {
        const [one, other] = await Promise.all(both.map((each) => each.ask("/v1/cert.pem")));
        return one?.status === 200 && one.text === other?.text;
      });
      expect(await keyCount()).toBe(1);
      // Only who leads makes keys, so the signal to the other one makes none either.
      for (const { running } of both) process.kill(running.pid, "SIGUSR1");
      const logs = () => both.map(({ running }) => readFileSync(running.log, "utf8")).join("");
      await until("the one made a key and the other said why not", async () => {
        return logs().includes("No key made: another process leads") && (await keyCount()) === 2;
      });
    } finally {
      for (const each of both) await each.stop();
    }
  });
});
