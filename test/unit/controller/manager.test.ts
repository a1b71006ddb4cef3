import { afterEach, describe, expect, test } from "vitest";
import type { KindController, PassContext } from "../../../controller/controller.ts";
import { createEventRecorder } from "../../../controller/events.ts";
import { createLog } from "../../../controller/log.ts";
import { type Manager, startManager } from "../../../controller/manager.ts";
import { createMetrics } from "../../../controller/metrics.ts";
import type { Pass } from "../../../controller/pass.ts";
import { readyProfile } from "../../../controller/status/profile.ts";
import { keyOf } from "../../../src/kube/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";

const THINGS = { group: "a", version: "v1", plural: "things", kind: "Thing", namespaced: true } as const;
const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;

const thing = (name: string, more: Partial<KubeObject> = {}): KubeObject => ({
  apiVersion: "a/v1",
  kind: "Thing",
  metadata: { name, namespace: "ns" },
  spec: {},
  ...more,
});
const done: Pass = { outcome: { kind: "done", reason: "Succeeded", message: "good" } };

let manager: Manager | undefined;
afterEach(() => manager?.stop(0));

async function start(
  reconcile: (object: KubeObject, context: PassContext) => Promise<Pass>,
  more: Partial<KindController> = {},
  mayWork?: Promise<boolean>,
) {
  const [cluster, clock] = [memoryCluster(), fakeClock()];
  const lines: string[] = [];
  const log = createLog({ clock, level: "info", format: "text", write: (line) => lines.push(line) });
  const metrics = await createMetrics();
  const controller: KindController = {
    name: "thing",
    resource: THINGS,
    eventSource: "thing-controller",
    concurrency: 2,
    profile: readyProfile,
    perObjectDuration: true,
    reconcile,
    ...more,
  };
  const events = createEventRecorder({ client: cluster, clock, log, instance: "t" });
  manager = startManager({
    client: cluster,
    clock,
    log,
    metrics,
    events,
    controllers: [controller],
    ...(mayWork === undefined ? {} : { mayWork }),
  });
  await clock.advance(0);
  const state = (name: string) =>
    cluster.object("things", `ns/${name}`)?.["status"] as Record<string, unknown> | undefined;
  return { cluster, clock, lines, metrics, manager, state, settle: () => clock.advance(0) };
}

describe("startManager()", () => {
  test("one pass for each object, and one for each change of its spec or request", async () => {
    const passes: string[] = [];
    const { cluster, settle, state } = await start(async (object) => {
      passes.push(`${object.metadata.name} ${object.metadata.generation}`);
      return done;
    });
    const object = cluster.put(THINGS, thing("a"));
    await settle();
    const put = (change: Partial<KubeObject["metadata"]>, spec: unknown = {}) =>
      cluster.put(THINGS, { ...object, spec, status: state("a"), metadata: { ...object.metadata, ...change } });
    put({ labels: { no: "matter" } });
    await settle();
    put({ annotations: { "reconcile.fluxcd.io/requestedAt": "now" } });
    await settle();
    put({ annotations: { "reconcile.fluxcd.io/requestedAt": "now" } }, { changed: 1 });
    await settle();
    expect(passes).toEqual(["a 1", "a 1", "a 2"]);
    expect(state("a")).toMatchObject({ observedGeneration: 2, lastHandledReconcileAt: "now" });
  });

  test("what fails is tried again with growing pauses, and told as event, status and log", async () => {
    let passes = 0;
    const { cluster, clock, lines, state } = await start(async () => {
      passes += 1;
      return { outcome: { kind: "failed", reason: "Net", message: "no way" } };
    });
    cluster.put(THINGS, thing("a"));
    await clock.advance(10_000);
    expect(passes).toBe(5);
    expect(cluster.objects("events")).toMatchObject([{ type: "Warning", reason: "Net", message: "no way", count: 5 }]);
    expect(state("a")).toMatchObject({
      conditions: [{ type: "Reconciling" }, { type: "Ready", status: "False", reason: "Net" }],
    });
    expect(lines.join("")).toContain('level=ERROR msg="Reconcile failed" controller=thing object=ns/a reason=Net');
  });

  test.each([
    { outcome: { kind: "stalled", reason: "Bad", message: "" }, passes: 1 },
    { outcome: { kind: "waiting", reason: "Dep", message: "", retryAfterMs: 30_000 }, passes: 3 },
    { outcome: { kind: "done", reason: "Ok", message: "", requeueAfterMs: 20_000 }, passes: 4 },
    { outcome: { kind: "failed", reason: "Bad", message: "", retryAfterMs: 60_000 }, passes: 2 },
  ] as const)("$outcome.kind comes back $passes times within a minute", async ({ outcome, passes }) => {
    let count = 0;
    const { cluster, clock } = await start(async () => {
      count += 1;
      return { outcome };
    });
    cluster.put(THINGS, thing("a"));
    await clock.advance(60_000);
    expect(count).toBe(passes);
  });

  test("a controller that throws is told by kind of error only, and the others go on", async () => {
    const { cluster, settle, state } = await start(async (object) => {
      if (object.metadata.name === "bad") throw new RangeError("hunter2");
      return done;
    });
    cluster.put(THINGS, thing("bad"));
    cluster.put(THINGS, thing("good"));
    await settle();
    expect(state("good")).toMatchObject({ conditions: [{ status: "True" }] });
    expect(JSON.stringify([state("bad"), cluster.objects("events")])).not.toContain("hunter2");
    expect(JSON.stringify(state("bad"))).toContain("an unforeseen failure (RangeError)");
  });

  test("a pass may show its progress; the end builds on it", async () => {
    const seen: unknown[] = [];
    const { cluster, settle, state } = await start(async (_, context) => {
      await context.progress("fetching");
      seen.push(cluster.object("things", context.key)?.["status"]);
      return {
        ...done,
        status: { artifact: { revision: "r" } },
        conditions: [{ type: "Stored", status: "True", reason: "Ok", message: "" }],
      };
    });
    cluster.put(THINGS, thing("a"));
    await settle();
    expect(seen).toMatchObject([
      {
        conditions: [
          { type: "Reconciling", status: "True", reason: "Progressing", message: "fetching" },
          { type: "Ready", status: "Unknown" },
        ],
      },
    ]);
    expect(state("a")).toMatchObject({
      artifact: { revision: "r" },
      conditions: [{ type: "Ready", status: "True" }, { type: "Stored" }],
    });
  });

  test("changes of other resources concern whom the kind says", async () => {
    const passes: string[] = [];
    const { cluster, settle } = await start(
      async (object, context) => {
        passes.push(`${object.metadata.name} ${context.watched(SECRETS)?.size}`);
        return done;
      },
      {
        indexers: { secret: (object) => [String((object["spec"] as { secret?: string }).secret)] },
        watches: [
          { resource: SECRETS, metadataOnly: true, affected: (change, own) => own.by("secret", change.key).map(keyOf) },
        ],
      },
    );
    cluster.put(THINGS, thing("a", { spec: { secret: "ns/s" } }));
    cluster.put(THINGS, thing("b", { spec: { secret: "ns/other" } }));
    await settle();
    cluster.put(SECRETS, { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "ns" } });
    await settle();
    expect(passes).toEqual(["a 0", "b 0", "a 1"]);
  });

  test("no pass begins before it may", async () => {
    let allow: (yes: boolean) => void = () => undefined;
    const passes: string[] = [];
    const { cluster, settle, manager } = await start(
      async (object) => {
        passes.push(object.metadata.name ?? "");
        return done;
      },
      {},
      new Promise((resolve) => {
        allow = resolve;
      }),
    );
    cluster.put(THINGS, thing("a"));
    await settle();
    expect([passes, manager.hasRead]).toEqual([[], true]);
    allow(true);
    await settle();
    expect(passes).toEqual(["a"]);
  });

  test("a stop waits for the passes that run, and says when to hurry", async () => {
    const signals: AbortSignal[] = [];
    const { cluster, clock, manager } = await start(
      (_, { signal }) =>
        new Promise((resolve) => {
          signals.push(signal);
          signal.addEventListener("abort", () => resolve(done));
        }),
    );
    for (const name of ["a", "b", "c"]) cluster.put(THINGS, thing(name));
    await clock.advance(0);
    let stopped = false;
    void manager.stop(5_000).then(() => {
      stopped = true;
    });
    await clock.advance(4_999);
    expect([stopped, signals.map(({ aborted }) => aborted)]).toEqual([false, [false, false]]);
    await clock.advance(3_000);
    expect([stopped, signals.map(({ aborted }) => aborted)]).toEqual([true, [true, true]]);
    expect(cluster.calls.some(({ verb }) => verb === "patch")).toBe(false);
  });

  test("the duration of passes is kept for each object and forgotten with it", async () => {
    const { cluster, metrics, settle } = await start(async () => done);
    cluster.put(THINGS, thing("a"));
    await settle();
    expect(await metrics.text()).toContain(
      'gotk_reconcile_duration_seconds_count{kind="Thing",name="a",namespace="ns"} 1',
    );
    cluster.remove(THINGS, "ns/a");
    await settle();
    expect(await metrics.text()).not.toContain('name="a"');
  });
});
