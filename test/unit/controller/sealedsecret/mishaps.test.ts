import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { SEALED_SECRETS } from "../../../../controller/api/index.ts";
import { silentLog } from "../../../../controller/log.ts";
import { SECRETS } from "../../../../controller/sealedsecret/observe.ts";
import { sealedSecretFamily } from "../../../../controller/sealedsecret/set-up.ts";
import type { SealedSecretSettings } from "../../../../controller/settings.ts";
import { type RunningControllers, startControllers } from "../../../../controller/start.ts";
import { ClearText } from "../../../../src/clear-text.ts";
import { keySecret } from "../../../../src/keys/index.ts";
import { type KubeClient, KubeError } from "../../../../src/kube/index.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { sealSecret } from "../../../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../../../src/x509/index.ts";
import { fakeClock } from "../../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../../helpers/memory-cluster.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

type Cluster = ReturnType<typeof memoryCluster>;

let key: SealingKeyPair;
const running: RunningControllers[] = [];
beforeAll(async () => {
  key = await makeSealingKey({ now: Date.UTC(2025, 11, 31) });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop(0)));
});

const sealed = async (name: string, values: Record<string, string>, labels?: Record<string, string>) => {
  const object = await sealSecret(
    {
      metadata: { name, namespace: "apps" },
      type: undefined,
      immutable: undefined,
      data: new Map(Object.entries(values).map(([item, value]) => [item, ClearText.fromText(value)])),
    },
    { spki: key.certificate.spki },
  );
  return labels === undefined ? object : { ...object, metadata: { ...object.metadata, labels } };
};

function clusterWithKey(): Cluster {
  const cluster = memoryCluster();
  current = cluster;
  const secret = keySecret(key, { namespace: "kube-system", prefix: "x" });
  cluster.put(SECRETS, { ...secret, metadata: { ...secret.metadata, name: "key" } });
  return cluster;
}

const clock = fakeClock();
let current: Cluster | undefined;
/** Whether every object was looked at in its present form. */
const isQuiet = () =>
  (current?.objects("sealedsecrets") ?? []).every(({ metadata, ...object }) => {
    const status = object["status"] as { observedGeneration?: number } | undefined;
    return metadata.name === "nobody" || status?.observedGeneration === metadata.generation;
  });
/** Lets time pass, and private-key work, which takes real time, come to its end. */
const settle = async (ms = 0) => {
  await clock.advance(ms);
  for (let turn = 0; turn < 400; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 3));
    await clock.advance(0);
    if (turn > 1 && isQuiet()) return;
  }
};

async function start(
  client: KubeClient,
  settings: Partial<SealedSecretSettings> = {},
  election?: { name: string; identity: string },
) {
  const controllers = await startControllers({
    client,
    clock,
    log: silentLog,
    namespace: "kube-system",
    families: [sealedSecretFamily({ keyRenewPeriodMs: 0, unsealWorkers: 2, ...settings })],
    election,
    listen: "127.0.0.1:0",
  });
  running.push(controllers);
  await settle();
  return controllers;
}

const data = (cluster: Cluster, name: string) => {
  const found = cluster.object("secrets", `apps/${name}`)?.["data"] as Record<string, string> | undefined;
  return found && Object.fromEntries(Object.entries(found).map(([item, value]) => [item, atob(value)]));
};
const down = () => new KubeError("KUBE_API", "down", { status: 500, reason: "InternalError", apiMessage: "down" });
const lost = () => new KubeError("KUBE_TIMEOUT", "no answer");
const conflict = () => new KubeError("KUBE_API", "x", { status: 409, reason: "Conflict", apiMessage: "modified" });

describe("a call that fails", () => {
  test.each([
    { call: "get secrets", error: down },
    { call: "create secrets", error: down },
    { call: "create secrets", error: lost },
    { call: "update secrets", error: down },
    { call: "update secrets", error: conflict },
    { call: "update sealedsecrets", error: down },
    { call: "update sealedsecrets", error: conflict },
    { call: "create events", error: down },
    { call: "patch events", error: lost },
  ])(
    "$call ($error.name): the Secret is as it was or as it shall be, never in between, and all is well in the end",
    async ({ call, error }) => {
      const cluster = clusterWithKey();
      const seen: unknown[] = [];
      await start(cluster);
      cluster.put(SEALED_SECRETS, await sealed("old", { a: "1", b: "2" }));
      await settle();
      let failures = 6;
      cluster.failures.set(call, (object) => (object.startsWith("apps/") && failures-- > 0 ? error() : undefined));
      const { spec } = await sealed("old", { b: "two", c: "3" });
      cluster.put(SEALED_SECRETS, { ...cluster.object("sealedsecrets", "apps/old")!, spec });
      cluster.put(SEALED_SECRETS, await sealed("new", { x: "1", y: "2" }));
      const isDone = () => isQuiet() && JSON.stringify(cluster.objects("sealedsecrets")).split('"True"').length === 3;
      for (let turn = 0; turn < 400 && !isDone(); turn++) {
        await clock.advance(2_000);
        await new Promise((resolve) => setTimeout(resolve, 3));
        seen.push(data(cluster, "old"), data(cluster, "new"));
      }
      const whole = [undefined, { a: "1", b: "2" }, { b: "two", c: "3" }, { x: "1", y: "2" }].map((one) =>
        JSON.stringify(one),
      );
      for (const one of seen) expect(whole).toContain(JSON.stringify(one));
      expect([data(cluster, "old"), data(cluster, "new")]).toEqual([
        { b: "two", c: "3" },
        { x: "1", y: "2" },
      ]);
      for (const name of ["old", "new"]) {
        expect(cluster.object("sealedsecrets", `apps/${name}`)?.["status"]).toMatchObject({
          conditions: [{ type: "Synced", status: "True" }],
          observedGeneration: cluster.object("sealedsecrets", `apps/${name}`)?.metadata.generation,
        });
      }
    },
  );

  test("an item that does not open leaves the Secret and all its items as they were", async () => {
    const cluster = clusterWithKey();
    await start(cluster);
    cluster.put(SEALED_SECRETS, await sealed("db", { a: "1", b: "2" }));
    await settle();
    const before = cluster.object("secrets", "apps/db");
    const next = await sealed("db", { a: "changed", b: "2" });
    const { encryptedData, ...spec } = next["spec"] as { encryptedData: Record<string, string> };
    for (const b of ["?", "AgAB", (await sealed("other", { b: "2" }))["spec"]]) {
      const item = typeof b === "string" ? b : ((b as { encryptedData: { b: string } }).encryptedData.b ?? "");
      const changed = { ...spec, encryptedData: { ...encryptedData, b: item } };
      cluster.put(SEALED_SECRETS, { ...cluster.object("sealedsecrets", "apps/db")!, spec: changed });
      await settle();
      expect(cluster.object("secrets", "apps/db")).toEqual(before);
      expect(cluster.object("sealedsecrets", "apps/db")?.["status"]).toMatchObject({
        conditions: [{ status: "False" }],
      });
    }
  });

  test("what a live object carries in its template keeps no Secret from being made", async () => {
    const cluster = clusterWithKey();
    await start(cluster);
    const object = await sealed("db", { a: "1" });
    const metadata = {
      name: "else",
      namespace: "else",
      uid: "u",
      resourceVersion: "123",
      generation: 4,
      creationTimestamp: "2020-01-01T00:00:00Z",
      managedFields: [{ manager: "m" }],
      selfLink: "/x",
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "p" }],
      labels: { app: "x" },
    };
    cluster.put(SEALED_SECRETS, { ...object, spec: { ...(object["spec"] as object), template: { metadata } } });
    await settle();
    const secret = cluster.object("secrets", "apps/db") as KubeObject;
    expect(secret.metadata).toMatchObject({ name: "db", namespace: "apps", labels: { app: "x" } });
    expect([secret.metadata.uid, secret.metadata["managedFields"], secret.metadata["selfLink"]]).toEqual([
      expect.not.stringMatching(/^u$/),
      undefined,
      undefined,
    ]);
    expect(secret.metadata.ownerReferences).toMatchObject([{ kind: "SealedSecret" }]);
  });
});

describe("several controllers", () => {
  test("with labels that exclude each other share the objects, and each makes its Secrets anew", async () => {
    const cluster = clusterWithKey();
    await start(cluster, { labelSelector: "shard=a" });
    await start(cluster, { labelSelector: "shard=b" });
    cluster.put(SEALED_SECRETS, await sealed("one", { a: "1" }, { shard: "a" }));
    cluster.put(SEALED_SECRETS, await sealed("two", { a: "2" }, { shard: "b" }));
    cluster.put(SEALED_SECRETS, await sealed("nobody", { a: "3" }));
    await settle();
    const made = () => cluster.objects("secrets").map(({ metadata }) => metadata.name);
    expect(made().sort()).toEqual(["key", "one", "two"]);
    expect(cluster.objects("secrets").every(({ metadata }) => metadata.labels?.["shard"] === undefined)).toBe(true);
    expect(cluster.calls.filter(({ verb, resource }) => verb === "create" && resource === "secrets")).toHaveLength(2);
    for (const name of ["one", "two"]) cluster.remove(SECRETS, `apps/${name}`);
    for (let turn = 0; turn < 200 && made().length < 3; turn++) await settle();
    expect(made().sort()).toEqual(["key", "one", "two"]);
    expect(cluster.calls.filter(({ verb, resource }) => verb === "create" && resource === "secrets")).toHaveLength(4);
  });

  test("with the old way of deleting: only the Secret of an object that is gone goes, not of one that lost its label", async () => {
    const cluster = clusterWithKey();
    await start(cluster, { labelSelector: "shard=a", oldGcBehavior: true });
    for (const name of ["relabelled", "deleted"])
      cluster.put(SEALED_SECRETS, await sealed(name, { a: "1" }, { shard: "a" }));
    await settle();
    const object = cluster.object("sealedsecrets", "apps/relabelled")!;
    cluster.put(SEALED_SECRETS, { ...object, metadata: { ...object.metadata, labels: {} } });
    cluster.remove(SEALED_SECRETS, "apps/deleted");
    await settle();
    const names = cluster.objects("secrets").map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(["key", "relabelled"]);
  });

  test("with the old way of deleting: a Secret of somebody else stays when a SealedSecret of its name goes", async () => {
    const cluster = clusterWithKey();
    await start(cluster, { oldGcBehavior: true });
    const other = { apiVersion: "other.test/v1", kind: "SealedSecret", name: "owned", uid: "u", controller: true };
    const foreign = (name: string, more: object) =>
      cluster.put(SECRETS, { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "apps", ...more } });
    foreign("plain", {});
    foreign("owned", { ownerReferences: [other] });
    foreign("managed", { annotations: { "sealedsecrets.bitnami.com/managed": "true" } });
    for (const name of ["plain", "owned", "managed"]) cluster.put(SEALED_SECRETS, await sealed(name, { a: "1" }));
    await settle();
    for (const name of ["plain", "owned", "managed"]) cluster.remove(SEALED_SECRETS, `apps/${name}`);
    await settle();
    const names = cluster.objects("secrets").map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(["key", "owned", "plain"]);
  });

  test.each([0, 257])("do not start with %d workers", async (unsealWorkers) => {
    await expect(start(clusterWithKey(), { unsealWorkers })).rejects.toMatchObject({ code: "CONTROLLER_OPTIONS" });
  });

  test("of which one leads: the other is ready, answers, and goes on within two seconds when the first stops", async () => {
    const cluster = clusterWithKey();
    // More than the four threads of Node's pool: they have to be started and ended.
    const first = await start(cluster, { unsealWorkers: 5 }, { name: "lease", identity: "first" });
    const second = await start(cluster, {}, { name: "lease", identity: "second" });
    cluster.put(SEALED_SECRETS, await sealed("one", { a: "1" }));
    await settle();
    const status = async (url: string | undefined) => (await fetch(`${url}`)).status;
    for (const { url } of [first, second]) {
      expect([await status(`${url}/readyz`), await status(`${url}/v1/cert.pem`)]).toEqual([200, 200]);
    }
    const stopped = first.stop();
    await settle(100);
    await stopped;
    cluster.calls.length = 0;
    cluster.put(SEALED_SECRETS, await sealed("two", { a: "2" }));
    await settle(2_000);
    expect(data(cluster, "two")).toEqual({ a: "2" });
    // What the first has done is not done again.
    expect(cluster.calls.filter(({ verb, key }) => verb !== "list" && key === "apps/one")).toEqual([]);
    expect(await status(`${second.url}/readyz`)).toBe(200);
  });
});
