import { afterEach, describe, expect, test } from "vitest";
import {
  type Change,
  KubeError,
  type ReflectorOptions,
  Store,
  startReflector,
  tokenBucket,
} from "../../../src/kube/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";

const maps = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true };
const map = (name: string, more: Partial<KubeObject> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "a" },
  ...more,
});

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

async function start(
  options: Partial<ReflectorOptions<KubeObject>> = {},
  prepare: (cluster: ReturnType<typeof memoryCluster>) => void = () => undefined,
) {
  const cluster = memoryCluster();
  prepare(cluster);
  const clock = fakeClock();
  const seen: string[] = [];
  const errors: unknown[] = [];
  const onChange = (change: Change<KubeObject>) => seen.push(`${change.type} ${change.key} (${change.from})`);
  const reflector = startReflector(
    { client: cluster, resource: maps, clock, onChange, onError: (error) => errors.push(error), ...options },
    stop.signal,
  );
  await clock.advance(0);
  return { cluster, clock, seen, errors, reflector, settle: () => clock.advance(0) };
}
const verbs = (cluster: ReturnType<typeof memoryCluster>, verb: string) =>
  cluster.calls.filter((call) => call.verb === verb).length;

describe("startReflector()", () => {
  test("keeps no record of who set what and no second copy of the object, and less still when it is told so", async () => {
    const annotations = {
      "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"password":"CANARY"}}',
      other: "x",
    };
    const metadata = { name: "one", namespace: "a", annotations, managedFields: [{ manager: "m" }] };
    const put = (cluster: ReturnType<typeof memoryCluster>) => void cluster.put(maps, map("one", { metadata }));
    const { cluster, reflector, settle } = await start({}, put);
    const text = () => JSON.stringify(reflector.store.values());
    expect(text()).not.toMatch(/CANARY|managedFields/);
    cluster.put(maps, map("one", { metadata: { ...metadata, labels: { x: "y" } } }));
    await settle();
    expect(text()).not.toMatch(/CANARY|managedFields/);
    expect(reflector.store.get("a/one")?.metadata.annotations).toEqual({ other: "x" });
    const keep = ({ apiVersion, kind }: KubeObject) => ({
      apiVersion,
      kind,
      metadata: { name: "one", namespace: "a" },
    });
    const lean = await start({ keep }, put);
    expect(lean.reflector.store.values()).toEqual([keep(map("one"))]);
  });

  test("lists, then follows", async () => {
    const { cluster, seen, reflector, settle } = await start(
      {},
      (cluster) => cluster.put(maps, map("one")) && undefined,
    );
    await reflector.synced;
    cluster.put(maps, map("two"));
    cluster.put(maps, map("one", { data: { x: "1" } }));
    await settle();
    cluster.remove(maps, "a/two");
    await settle();
    expect(seen).toEqual([
      "added a/one (list)",
      "added a/two (watch)",
      "updated a/one (watch)",
      "deleted a/two (watch)",
    ]);
    expect(reflector.store.get("a/one")?.["data"]).toEqual({ x: "1" });
    expect(reflector.store.size).toBe(1);
  });

  test("a watch that ends is resumed from its place, without a new list", async () => {
    const { cluster, clock, seen } = await start();
    cluster.put(maps, map("one"));
    await clock.advance(0);
    cluster.cutWatches();
    cluster.put(maps, map("two"));
    await clock.advance(1_000);
    expect(seen).toEqual(["added a/one (watch)", "added a/two (watch)"]);
    expect([verbs(cluster, "list"), verbs(cluster, "watch")]).toEqual([1, 2]);
  });

  test("a place that is gone leads to a new list, which tells what changed meanwhile", async () => {
    const { cluster, clock, seen } = await start({}, (cluster) => {
      cluster.put(maps, map("stays"));
      cluster.put(maps, map("goes"));
      cluster.put(maps, map("changes"));
    });
    seen.length = 0;
    cluster.cutWatches("forget");
    cluster.remove(maps, "a/goes");
    cluster.put(maps, map("changes", { data: {} }));
    cluster.put(maps, map("comes"));
    await clock.advance(2_000);
    expect(seen).toEqual(["updated a/changes (list)", "added a/comes (list)", "deleted a/goes (list)"]);
  });

  test("while the API fails it waits longer and longer, and what it knows stays", async () => {
    const { cluster, clock, errors, reflector } = await start(
      {},
      (cluster) => cluster.put(maps, map("one")) && undefined,
    );
    cluster.failures.set("watch configmaps", () => new KubeError("KUBE_UNREACHABLE", "down"));
    cluster.cutWatches();
    await clock.advance(60_000);
    expect(reflector.store.size).toBe(1);
    expect(errors.length).toBeGreaterThan(4);
    expect(errors.length).toBeLessThan(12);
    cluster.failures.clear();
    await clock.advance(30_000);
    cluster.put(maps, map("two"));
    await clock.advance(0);
    expect(reflector.store.size).toBe(2);
  });

  test("a list that fails does not count as read", async () => {
    const { clock, cluster, reflector } = await start({}, (cluster) =>
      cluster.failures.set("list configmaps", () => new Error("down")),
    );
    expect(reflector.hasSynced).toBe(false);
    cluster.failures.clear();
    await clock.advance(1_000);
    expect(reflector.hasSynced).toBe(true);
  });

  test("a server that ends watches at once is not stormed", async () => {
    const { cluster, clock } = await start();
    const watch = cluster.watch.bind(cluster);
    cluster.watch = (resource, options) => {
      cluster.cutWatches();
      return watch(resource, options);
    };
    const before = verbs(cluster, "watch");
    cluster.cutWatches();
    await clock.advance(10_000);
    expect(verbs(cluster, "watch") - before).toBeLessThan(15);
  });

  test("reads everything anew when that is wished", async () => {
    const { cluster, clock } = await start({ relistEveryMs: 60_000 });
    await clock.advance(180_001);
    expect(verbs(cluster, "list")).toBe(4);
  });

  test("after the end nothing is asked any more", async () => {
    const { cluster, clock } = await start();
    stop.abort();
    await clock.advance(0);
    const { length } = cluster.calls;
    await clock.advance(600_000);
    expect([cluster.calls.length, clock.pending]).toEqual([length, 0]);
  });
});

describe("Store", () => {
  test("indexes follow every change", () => {
    const store = new Store<KubeObject>({ label: (object) => Object.values(object.metadata.labels ?? {}) });
    const labelled = (name: string, ...labels: string[]) =>
      map(name, { metadata: { name, labels: Object.fromEntries(labels.map((label) => [label, label])) } });
    const names = (value: string) => store.by("label", value).map((object) => object.metadata.name);
    store.set("one", labelled("one", "x", "y"));
    store.set("two", labelled("two", "x"));
    expect([names("x"), names("y"), names("z")]).toEqual([["one", "two"], ["one"], []]);
    store.set("one", labelled("one", "z"));
    expect([names("x"), names("y"), names("z")]).toEqual([["two"], [], ["one"]]);
    store.delete("two");
    expect(names("x")).toEqual([]);
    expect(() => store.by("nope", "x")).toThrow(RangeError);
  });
});

describe("tokenBucket()", () => {
  test("lets the burst through and then one for each interval", async () => {
    const clock = fakeClock();
    const throttle = tokenBucket(clock, { qps: 10, burst: 3 });
    let through = 0;
    for (let call = 0; call < 6; call++) void throttle().then(() => through++);
    await clock.advance(0);
    expect(through).toBe(3);
    await clock.advance(100);
    expect(through).toBe(4);
    await clock.advance(200);
    expect(through).toBe(6);
  });

  test("has no limit when none is set", async () => {
    const throttle = tokenBucket(fakeClock(), { qps: 0, burst: 1 });
    await Promise.all(Array.from({ length: 100 }, () => throttle()));
  });
});
