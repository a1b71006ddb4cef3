import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { SEALED_SECRETS } from "../../../../controller/api/index.ts";
import { createEventRecorder } from "../../../../controller/events.ts";
import { silentLog } from "../../../../controller/log.ts";
import { type Manager, startManager } from "../../../../controller/manager.ts";
import { createMetrics } from "../../../../controller/metrics.ts";
import { keyUnsealer } from "../../../../controller/sealedsecret/key-unsealer.ts";
import { sealedSecretMetrics } from "../../../../controller/sealedsecret/metrics.ts";
import { SECRETS } from "../../../../controller/sealedsecret/observe.ts";
import { type SealedSecretOptions, sealedSecretController } from "../../../../controller/sealedsecret/reconciler.ts";
import { ClearText } from "../../../../src/clear-text.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { Keyring } from "../../../../src/sealed/index.ts";
import { sealSecret } from "../../../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../../../src/x509/index.ts";
import { fakeClock } from "../../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../../helpers/memory-cluster.ts";
import { makeSealingKey, unsealingKey } from "../../../helpers/sealing-keys.ts";

type Cluster = ReturnType<typeof memoryCluster>;

let keys: SealingKeyPair[];
let manager: Manager | undefined;
beforeAll(async () => {
  keys = [await makeSealingKey(), await makeSealingKey()];
});
afterEach(async () => {
  await manager?.stop(0);
});

const sealed = async (name: string, values: Record<string, string>, key = keys[0]!): Promise<KubeObject> =>
  sealSecret(
    {
      metadata: { name, namespace: "apps" },
      type: undefined,
      immutable: undefined,
      data: new Map(Object.entries(values).map(([item, value]) => [item, ClearText.fromText(value)])),
    },
    { spki: key.certificate.spki },
  );

/** One life of a controller over the same cluster: `opened` counts what it unsealed. */
async function live(cluster: Cluster, withKeys = keys, options: Partial<SealedSecretOptions> = {}, onReady = () => {}) {
  await manager?.stop(0);
  const clock = fakeClock();
  const metrics = await createMetrics();
  const events = createEventRecorder({ client: cluster, clock, log: silentLog, instance: "t" });
  const keyring = new Keyring(withKeys.map(unsealingKey));
  const templates = { render: () => Promise.reject(new Error("there are no templates here")) };
  const unsealer = keyUnsealer({ keyring, acceptLegacyData: true, templates });
  const opened: string[] = [];
  let underWay = 0;
  const controller = sealedSecretController({
    unsealer: {
      ...unsealer,
      unseal: async (object) => {
        opened.push(object.metadata.name ?? "");
        underWay += 1;
        try {
          return await unsealer.unseal(object);
        } finally {
          underWay -= 1;
        }
      },
    },
    metrics: sealedSecretMetrics(metrics, { revision: "r", omitObjects: false }),
    onKeyAdded: () => undefined,
    clock,
    ...options,
  });
  cluster.calls.length = 0;
  manager = startManager({ client: cluster, clock, log: silentLog, metrics, events, controllers: [controller] });
  await manager.ready;
  onReady();
  // Private-key work takes real time.
  const isQuiet = () =>
    underWay === 0 &&
    cluster.objects("sealedsecrets").every(({ metadata, ...object }) => {
      const status = object["status"] as { observedGeneration?: number } | undefined;
      return status?.observedGeneration === metadata.generation;
    });
  const settle = async () => {
    for (let turn = 0; turn < 3 || (turn < 400 && !isQuiet()); turn++) {
      await clock.advance(0);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  };
  await settle();
  const calls = () =>
    cluster.calls
      .filter(({ verb }) => verb !== "list" && verb !== "watch")
      .map(({ verb, resource }) => `${verb} ${resource}`);
  return { opened, metrics, calls, settle, clock };
}

const statusOf = (cluster: Cluster, name: string) =>
  cluster.object("sealedsecrets", `apps/${name}`)?.["status"] as Record<string, unknown>;
const edit = (cluster: Cluster, name: string, change: (object: KubeObject) => KubeObject) =>
  cluster.put(SEALED_SECRETS, change(cluster.object("sealedsecrets", `apps/${name}`)!));

describe("a controller that starts again", () => {
  test("opens nothing and asks for nothing where nothing has changed, and its metrics are there all the same", async () => {
    const cluster = memoryCluster();
    cluster.put(SEALED_SECRETS, await sealed("db", { a: "1", b: "2" }));
    expect((await live(cluster)).opened).toEqual(["db"]);
    expect(statusOf(cluster, "db")).toMatchObject({
      openedBy: [keys[0]!.privateKey.fingerprint],
      digest: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
    });
    const again = await live(cluster);
    expect([again.opened, again.calls()]).toEqual([[], []]);
    expect(await again.metrics.text()).toContain('name="db",condition="Synced",ss_app_kubernetes_io_instance=""} 1');
    expect(await again.metrics.text()).toContain("unseal_requests_total 0");
  });

  test("adds nothing to the Secret", async () => {
    const cluster = memoryCluster();
    cluster.put(SEALED_SECRETS, await sealed("db", { a: "1" }));
    await live(cluster);
    const { metadata } = cluster.object("secrets", "apps/db")!;
    expect([metadata.annotations, metadata.labels]).toEqual([undefined, undefined]);
  });

  test("knows the Secret from its own read when Secrets are not watched", async () => {
    const cluster = memoryCluster();
    cluster.put(SEALED_SECRETS, await sealed("db", { a: "1" }));
    await live(cluster, keys, { recreate: false });
    const again = await live(cluster, keys, { recreate: false });
    expect([again.opened, again.calls()]).toEqual([[], ["get secrets"]]);
  });

  test.each<{ name: string; change: (cluster: Cluster) => void | Promise<void> }>([
    {
      name: "the Secret was edited",
      change: (cluster) => void cluster.put(SECRETS, { ...cluster.object("secrets", "apps/db")!, data: {} }),
    },
    { name: "the Secret was deleted", change: (cluster) => void cluster.remove(SECRETS, "apps/db") },
    {
      name: "the Secret was made anew with the same content",
      change: (cluster) => {
        const { metadata, ...rest } = cluster.object("secrets", "apps/db")!;
        cluster.remove(SECRETS, "apps/db");
        cluster.put(SECRETS, { ...rest, metadata: { ...metadata, uid: "another" } });
      },
    },
    {
      name: "the items were changed",
      change: async (cluster) => {
        const { spec } = await sealed("db", { a: "2" });
        edit(cluster, "db", (object) => ({ ...object, spec }));
      },
    },
    {
      name: "the items were changed and the status was made to look as if they were not",
      change: async (cluster) => {
        const { spec } = await sealed("db", { a: "2" });
        edit(cluster, "db", (object) => {
          const status = { ...(object["status"] as object), observedGeneration: 2 };
          return { ...object, spec, status };
        });
      },
    },
    {
      name: "the digest is that of another object",
      change: async (cluster) => {
        const { digest } = statusOf(cluster, "other");
        edit(cluster, "db", (object) => ({ ...object, status: { ...(object["status"] as object), digest } }));
      },
    },
    {
      name: "the status names another key",
      change: (cluster) =>
        void edit(cluster, "db", (object) => ({
          ...object,
          status: { ...(object["status"] as object), openedBy: [keys[1]!.privateKey.fingerprint] },
        })),
    },
    {
      name: "the status holds nonsense",
      change: (cluster) =>
        void edit(cluster, "db", (object) => ({
          ...object,
          status: { ...(object["status"] as object), openedBy: [1, null], digest: { a: 1 } },
        })),
    },
    {
      name: "a template was added",
      change: (cluster) =>
        void edit(cluster, "db", (object) => ({
          ...object,
          spec: { ...(object["spec"] as object), template: { metadata: { labels: { x: "y" } } } },
        })),
    },
    {
      name: "the scope annotations changed",
      change: (cluster) =>
        void edit(cluster, "db", ({ metadata, ...object }) => ({
          ...object,
          metadata: { ...metadata, annotations: { "sealedsecrets.bitnami.com/namespace-wide": "true" } },
        })),
    },
    {
      name: "the last pass had failed",
      change: (cluster) =>
        void edit(cluster, "db", (object) => ({
          ...object,
          status: { ...(object["status"] as object), conditions: [{ type: "Synced", status: "False" }] },
        })),
    },
  ])("looks again where $name", async ({ change }) => {
    const cluster = memoryCluster();
    cluster.put(SEALED_SECRETS, await sealed("db", { a: "1" }));
    cluster.put(SEALED_SECRETS, await sealed("other", { a: "1" }));
    await live(cluster);
    await manager?.stop(0);
    await change(cluster);
    expect((await live(cluster)).opened).toEqual(["db"]);
  });

  test("a Secret that only the last pass made ours for good is looked at once more", async () => {
    const cluster = memoryCluster();
    const annotations = { "sealedsecrets.bitnami.com/patch": "true" };
    cluster.put(SECRETS, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db", namespace: "apps", annotations },
    });
    const object = await sealed("db", { a: "1" });
    const template = { metadata: { annotations: { "sealedsecrets.bitnami.com/managed": "true" } } };
    cluster.put(SEALED_SECRETS, { ...object, spec: { ...(object["spec"] as object), template } });
    const owners = () => cluster.object("secrets", "apps/db")?.metadata.ownerReferences?.length ?? 0;
    expect([(await live(cluster)).opened, owners()]).toEqual([["db"], 0]);
    expect([(await live(cluster)).opened, owners()]).toEqual([["db"], 1]);
    expect([(await live(cluster)).opened, owners()]).toEqual([[], 1]);
  });

  test("a key that was added changes nothing; one that was taken away does", async () => {
    const cluster = memoryCluster();
    cluster.put(SEALED_SECRETS, await sealed("db", { a: "1" }));
    await live(cluster, [keys[0]!]);
    expect((await live(cluster, keys)).opened).toEqual([]);
    expect((await live(cluster, [keys[1]!])).opened).toEqual(["db"]);
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "False", reason: "NoKeyFits" }] });
    expect(Object.keys(statusOf(cluster, "db")).sort()).toEqual(["conditions", "observedGeneration"]);
  });

  test("where the definition does not have these fields, they are written once and then no more", async () => {
    const cluster = memoryCluster();
    const update = cluster.update.bind(cluster);
    cluster.update = async (resource, object, options = {}) => {
      const { openedBy: _, digest: __, ...status } = (object["status"] ?? {}) as Record<string, unknown>;
      return update(resource, { ...object, status }, options);
    };
    cluster.put(SEALED_SECRETS, await sealed("db", { a: "1" }));
    cluster.put(SEALED_SECRETS, await sealed("two", { a: "1" }));
    await live(cluster);
    const again = await live(cluster);
    expect(again.opened).toEqual(["db", "two"]);
    // Whether they are kept can only be seen by trying.
    expect(again.calls().filter((call) => call === "update sealedsecrets").length).toBeLessThanOrEqual(2);
    cluster.calls.length = 0;
    edit(cluster, "db", ({ metadata, ...object }) => ({
      ...object,
      metadata: { ...metadata, annotations: { "sealedsecrets.bitnami.com/managed": "x" } },
    }));
    cluster.remove(SECRETS, "apps/db");
    await again.settle();
    expect(cluster.object("secrets", "apps/db")).toBeDefined();
    expect(again.calls().filter((call) => call === "update sealedsecrets")).toEqual([]);
  });

  test("what is made while it works off what was there comes first", async () => {
    const cluster = memoryCluster();
    for (let at = 0; at < 40; at++) cluster.put(SEALED_SECRETS, await sealed(`old-${at}`, { a: "1" }));
    const fresh = await sealed("fresh", { a: "1" });
    const { opened, settle } = await live(cluster, keys, { concurrency: 1 }, () => cluster.put(SEALED_SECRETS, fresh));
    for (let turn = 0; turn < 60 && opened.length < 41; turn++) await settle();
    expect(opened).toHaveLength(41);
    expect(opened.indexOf("fresh")).toBeLessThan(20);
  });
});
