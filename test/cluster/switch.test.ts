import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEALED_SECRETS } from "../../controller/api/index.ts";
import { createKubeClient, type KubeClient, loadClusterConfig } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { SCOPES } from "../../src/sealed/index.ts";
import { readCertificate, type SealingCertificate } from "../../src/x509/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, type OurController, sealkitProgram, startController } from "../helpers/controller.ts";
import { doesWithoutOwnNetwork } from "../helpers/own-network.ts";
import { peer } from "../helpers/peers.ts";
import { until } from "../helpers/process.ts";
import { makeSealingKey } from "../helpers/sealing-keys.ts";
import { recordSecrets, type SecretEvent } from "../helpers/secret-recorder.ts";
import { type Shape, sealedOf, shapesOf } from "../helpers/swap-shapes.ts";
import { prepareCluster, startUpstream, type Upstream } from "../helpers/upstream.ts";
import { Writer } from "../helpers/writer.ts";

const NAMESPACE = "apps";
const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const KEYS = { namespace: "kube-system", labelSelector: "sealedsecrets.bitnami.com/sealed-secrets-key=active" };
/** Small keys spare the machine; the limits are lifted so that the original keeps up with the writer. */
const ARGS = ["--key-size=2048"];
const UPSTREAM = { args: [...ARGS, "--kubeclient-qps=-1"] };

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe.skipIf(doesWithoutOwnNetwork())(
  "one controller takes the place of the other while people go on working",
  () => {
    let cluster: Cluster;
    let client: KubeClient;
    let theirs: Upstream;
    let ours: OurController;
    let shapes: Shape[];
    let certificates: [SealingCertificate, SealingCertificate];

    const keySecrets = async () => {
      const { items } = await client.list<KubeObject>(SECRETS, KEYS);
      return items.map(({ metadata, data }) => ({ name: metadata.name, version: metadata.resourceVersion, data }));
    };
    const certificateOf = ({ data }: { data?: unknown }) =>
      Buffer.from((data as Record<string, string>)["tls.crt"] ?? "", "base64").toString();
    const served = async (port: number) =>
      await fetch(`http://127.0.0.1:${port}/v1/cert.pem`).then(
        (answer) => answer.text(),
        () => "",
      );
    const secretsNow = async () => {
      const { items } = await client.list<KubeObject>(SECRETS, { namespace: NAMESPACE });
      return new Map(items.map((item) => [item.metadata.name ?? "", item]));
    };
    const isSynced = (object: KubeObject | undefined) =>
      (object?.["status"] as { conditions?: { status: string }[] } | undefined)?.conditions?.[0]?.status;
    const settled = async (names: readonly string[]) => {
      await until("every SealedSecret has its status", async () => {
        const { items } = await client.list<KubeObject>(SEALED_SECRETS, { namespace: NAMESPACE });
        const states = new Map(items.map((item) => [item.metadata.name, isSynced(item)]));
        return names.every((name) => states.get(name) !== undefined);
      });
    };

    beforeAll(async () => {
      await buildSealkit();
      cluster = await startCluster({ controllerManager: true });
      client = createKubeClient(
        await loadClusterConfig({ env: {}, cwd: cluster.folder, kubeconfig: cluster.kubeconfig }),
      );
      await prepareCluster(cluster);
      await cluster.api("POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
    });
    afterAll(async () => {
      await client?.close();
      await cluster?.stop();
    });

    test("the original makes two generations of keys and takes in 200 SealedSecrets of every shape", async () => {
      theirs = await startUpstream(cluster, UPSTREAM);
      // Generations are told apart by whole seconds.
      await pause(1_100);
      theirs.running.kill("SIGUSR1");
      await until("there are two keys", async () => (await keySecrets()).length === 2);
      const pems = (await keySecrets()).map(certificateOf);
      certificates = pems.map((pem) => readCertificate(pem)) as [SealingCertificate, SealingCertificate];
      const unknown = (await makeSealingKey()).certificate;
      shapes = await shapesOf(200, NAMESPACE, { known: certificates, unknown });
      for (const { before } of shapes) if (before !== undefined) await client.create(SECRETS, before);
      for (const { sealed } of shapes) await client.create(SEALED_SECRETS, sealed);
      await settled(shapes.map(({ name }) => name));
      await until("the garbage collector knows SealedSecrets", async () => {
        const gone = await sealedOf({
          ...{ name: "gone", namespace: NAMESPACE, values: {}, certificate: certificates[0] },
        });
        await client.create(SEALED_SECRETS, gone).catch(() => undefined);
        await until("gone is there", async () => (await secretsNow()).has("gone"));
        await client.delete(SEALED_SECRETS, { namespace: NAMESPACE, name: "gone" });
        await pause(1_000);
        return !(await secretsNow()).has("gone");
      });
    });

    const expectAll = async () => {
      const [now, { items }] = [
        await secretsNow(),
        await client.list<KubeObject>(SEALED_SECRETS, { namespace: NAMESPACE }),
      ];
      const states = new Map(items.map((item) => [item.metadata.name, isSynced(item)]));
      for (const { name, data, synced } of shapes) {
        expect(now.get(name)?.["data"] ?? (data === undefined ? undefined : {}), name).toEqual(data);
        expect(states.get(name), name).toBe(synced ? "True" : "False");
      }
    };

    test("no Secret is missing or changed for a moment, from the original to ours and back, while writes go on", async () => {
      await expectAll();
      const before = await secretsNow();
      const keysBefore = await keySecrets();
      const recorder = await recordSecrets(client, NAMESPACE);
      const writer = new Writer(client, NAMESPACE, certificates);
      const writing = writer.run();
      const more = (count: number) => until(`${count} more writes`, () => writer.count >= count, { timeoutMs: 60_000 });
      const step = async () => await more(writer.count + 25);

      await step();
      // As in a rolling update: for a while there are both.
      ours = await startController(cluster, { args: ARGS });
      await step();
      await theirs.stop();
      await step();
      await until("ours serves what is new", () => writer.isServed(), { why: () => ours.running.tail() });
      // As after a crash: for a while there is none.
      await ours.stop();
      await step();
      theirs = await startUpstream(cluster, UPSTREAM);
      await step();
      writer.stop();
      await writing;
      await until("the original serves what is new", () => writer.isServed(), { why: () => theirs.running.tail() });
      await pause(1_000);
      recorder.stop();

      expect(writer.count).toBeGreaterThan(120);
      const untouched = new Set(shapes.map(({ name }) => name));
      expect(recorder.events.filter(({ name }) => untouched.has(name))).toEqual([]);
      expect(writer.complaints(recorder.events as SecretEvent[])).toEqual([]);
      const now = await secretsNow();
      for (const name of untouched) expect(now.get(name), name).toEqual(before.get(name));
      expect(writer.wrong(now)).toEqual([]);
      expect(await keySecrets()).toEqual(keysBefore);
      await expectAll();
    });

    const sealAndApply = async (prefix: string, program: readonly string[], port: number) => {
      const file = join(cluster.folder, `${prefix}.pem`);
      writeFileSync(file, await served(port));
      const stringData = { plain: "correct horse", unicode: "Grüße 🔐\n", empty: "" };
      for (const scope of SCOPES) {
        const name = `${prefix}-${scope}`;
        const secret = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: NAMESPACE }, stringData };
        const sealed = await cluster.run([...program, "--cert", file, "--scope", scope], {
          input: JSON.stringify(secret),
          env: { ...process.env, HOME: cluster.folder, KUBECONFIG: cluster.kubeconfig },
        });
        expect(sealed.code, sealed.stderr).toBe(0);
        await client.create(SEALED_SECRETS, JSON.parse(sealed.stdout) as KubeObject);
        await until(`${name} is opened`, async () => {
          const data = (await secretsNow()).get(name)?.["data"] as Record<string, string> | undefined;
          return data !== undefined && Object.entries(stringData).every(([key, text]) => atob8(data[key]) === text);
        });
      }
    };
    const atob8 = (value = "") => Buffer.from(value, "base64").toString();

    test("each unseals what the kubeseal of either seals, also to a key that the other made", async () => {
      await sealAndApply("ours-for-theirs", [...sealkitProgram(), "kubeseal"], theirs.port);
      const before = await served(theirs.port);
      await theirs.stop();
      ours = await startController(cluster, { args: ARGS });
      expect(await served(ours.port)).toBe(before);
      await sealAndApply("theirs-for-ours", [peer("kubeseal")], ours.port);
      await pause(1_100);
      ours.running.kill("SIGUSR1");
      await until("the new certificate is served", async () => ![before, ""].includes(await served(ours.port)));
      expect(await keySecrets()).toHaveLength(3);
      await sealAndApply("new-key", [...sealkitProgram(), "kubeseal"], ours.port);
      const newest = await served(ours.port);
      await ours.stop();
      theirs = await startUpstream(cluster, UPSTREAM);
      expect(await served(theirs.port)).toBe(newest);
      await sealAndApply("new-key-theirs", [peer("kubeseal")], theirs.port);
      await expectAll();
    });

    test("a Secret that is deleted comes back, and one goes with its SealedSecret, whoever made it", async () => {
      await theirs.stop();
      ours = await startController(cluster, { args: ARGS });
      const recorder = await recordSecrets(client, NAMESPACE);
      for (const name of ["plain-0", "new-key-theirs-strict"]) {
        const uid = (await secretsNow()).get(name)?.metadata.uid;
        await client.delete(SECRETS, { namespace: NAMESPACE, name });
        await until(
          `${name} is back`,
          async () => ![uid, undefined].includes((await secretsNow()).get(name)?.metadata.uid),
        );
        await client.delete(SEALED_SECRETS, { namespace: NAMESPACE, name });
        await until(`${name} is gone`, async () => !(await secretsNow()).has(name));
      }
      await ours.stop();
      recorder.stop();
      // And the recorder misses no such moment.
      const seen = recorder.events.filter(({ name }) => name === "plain-0").map(({ type }) => type);
      expect(seen).toEqual(["DELETED", "ADDED", "DELETED"]);
    });
  },
);
