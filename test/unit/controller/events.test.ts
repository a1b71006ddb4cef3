import { describe, expect, test } from "vitest";
import { createEventRecorder } from "../../../controller/events.ts";
import { createLog, silentLog } from "../../../controller/log.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";

const object: KubeObject = {
  apiVersion: "bitnami.com/v1alpha1",
  kind: "SealedSecret",
  metadata: { name: "db", namespace: "apps", uid: "u1", resourceVersion: "4" },
};
const note = { type: "Normal", reason: "Unsealed", message: "m" } as const;

const start = () => {
  const [cluster, clock] = [memoryCluster(), fakeClock()];
  const events = createEventRecorder({ client: cluster, clock, log: silentLog, instance: "i" });
  const shown = () => cluster.objects("events").map((event) => `${event["reason"]} ×${event["count"]}`);
  return { cluster, clock, events, shown };
};

describe("createEventRecorder()", () => {
  test("repeats each event in the log, in the words of client-go", () => {
    const lines: string[] = [];
    const [client, clock] = [memoryCluster(), fakeClock()];
    const log = createLog({ clock, level: "info", format: "json", write: (line) => lines.push(JSON.parse(line).msg) });
    const events = createEventRecorder({ client, clock, log, instance: "i" });
    events.record(object, { type: "Warning", reason: "ErrUpdateFailed", message: 'Resource "db" is there' }, "x");
    expect(lines).toEqual([
      'Event(v1.ObjectReference{Kind:"SealedSecret", Namespace:"apps", Name:"db", UID:"u1", APIVersion:"bitnami.com/v1alpha1", ' +
        `ResourceVersion:"4", FieldPath:""}): type: 'Warning' reason: 'ErrUpdateFailed' Resource "db" is there`,
    ]);
  });

  test("writes an event as the original does", async () => {
    const { cluster, events } = start();
    events.record(object, { ...note, annotations: { rev: "1" } }, "sealed-secrets");
    await events.flush();
    expect(cluster.objects("events")[0]).toMatchObject({
      metadata: { namespace: "apps", name: expect.stringMatching(/^db\.i/), annotations: { rev: "1" } },
      involvedObject: {
        apiVersion: "bitnami.com/v1alpha1",
        kind: "SealedSecret",
        namespace: "apps",
        name: "db",
        uid: "u1",
        resourceVersion: "4",
      },
      type: "Normal",
      reason: "Unsealed",
      message: "m",
      count: 1,
      firstTimestamp: "2026-01-01T00:00:00Z",
      source: { component: "sealed-secrets" },
      reportingComponent: "sealed-secrets",
    });
  });

  test("repeats raise the count, others are events of their own", async () => {
    const { clock, cluster, events, shown } = start();
    events.record(object, note, "c");
    events.record(object, note, "c");
    events.record(object, { ...note, reason: "Other" }, "c");
    await clock.advance(1_000);
    events.record(object, note, "c");
    await events.flush();
    expect(shown()).toEqual(["Unsealed ×3", "Other ×1"]);
    expect(cluster.objects("events")[0]).toMatchObject({
      lastTimestamp: "2026-01-01T00:00:01Z",
      firstTimestamp: "2026-01-01T00:00:00Z",
    });
  });

  test("an object may cause 25 at once and then one every five minutes", async () => {
    const { clock, events, shown } = start();
    for (let at = 0; at < 40; at++) events.record(object, note, "c");
    await events.flush();
    expect(shown()).toEqual(["Unsealed ×25"]);
    await clock.advance(300_000);
    for (let at = 0; at < 5; at++) events.record(object, note, "c");
    await events.flush();
    expect(shown()).toEqual(["Unsealed ×26"]);
    events.record({ ...object, metadata: { ...object.metadata, uid: "u2" } }, note, "c");
    await events.flush();
    expect(shown()).toEqual(["Unsealed ×26", "Unsealed ×1"]);
  });

  test("a clock that is set back silences nobody", async () => {
    const { clock, events, shown } = start();
    events.record(object, note, "c");
    clock.jump(-30 * 24 * 3_600_000);
    for (let at = 0; at < 4; at++) events.record(object, note, "c");
    await events.flush();
    expect(shown()).toEqual(["Unsealed ×5"]);
  });

  test("an event that the cluster has dropped is made anew", async () => {
    const { cluster, events, shown } = start();
    events.record(object, note, "c");
    await events.flush();
    const [event] = cluster.objects("events");
    cluster.remove(
      { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true },
      `apps/${event?.metadata.name}`,
    );
    events.record(object, note, "c");
    await events.flush();
    expect(shown()).toEqual(["Unsealed ×1"]);
  });

  test("an API that refuses events hinders nobody", async () => {
    const { cluster, events } = start();
    cluster.failures.set("create events", () => new Error("no"));
    for (let at = 0; at < 10_000; at++)
      events.record({ ...object, metadata: { ...object.metadata, uid: `u${at}` } }, note, "c");
    await events.flush();
    expect(cluster.objects("events")).toEqual([]);
  });

  test("an object with the longest of names has events too", async () => {
    const { cluster, events } = start();
    const name = `${"a".repeat(199)}.${"b".repeat(53)}`;
    events.record({ ...object, metadata: { ...object.metadata, name } }, note, "c");
    await events.flush();
    expect(cluster.objects("events")[0]?.metadata.name).toMatch(/^a{199}\.i[0-9a-f]+$/);
  });

  test("long messages are cut", async () => {
    const { cluster, events } = start();
    events.record(object, { ...note, message: "x".repeat(5_000) }, "c");
    await events.flush();
    expect(String(cluster.objects("events")[0]?.["message"])).toHaveLength(1024);
  });
});

describe("createLog()", () => {
  test.each([
    { format: "text", want: 'time=2026-01-01T00:00:00.000Z level=WARN msg="a b" key=1 q="x=\\"y\\"" empty=""\n' },
    {
      format: "json",
      want: '{"time":"2026-01-01T00:00:00.000Z","level":"WARN","msg":"a b","key":1,"q":"x=\\"y\\"","empty":""}\n',
    },
  ] as const)("writes $format as slog does", ({ format, want }) => {
    const lines: string[] = [];
    const log = createLog({
      clock: fakeClock(),
      level: "info",
      format,
      write: (line, level) => lines.push(level, line),
    });
    log.debug("not shown");
    log.with({ key: 1 }).warn("a b", { q: 'x="y"', none: undefined, empty: "" });
    expect(lines).toEqual(["warn", want]);
  });
});
