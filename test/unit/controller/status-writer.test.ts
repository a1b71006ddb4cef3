import { describe, expect, test } from "vitest";
import { type StatusProfile, statusOf } from "../../../controller/status/profile.ts";
import { StatusWriter } from "../../../controller/status/writer.ts";
import { KubeError } from "../../../src/kube/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";

const THINGS = { group: "a", version: "v1", plural: "things", kind: "Thing", namespaced: true } as const;

const start = (write: StatusProfile["write"], status: Record<string, unknown> = {}) => {
  const cluster = memoryCluster();
  const profile: StatusProfile = { write, after: () => ({}), during: () => undefined };
  const writer = new StatusWriter({ client: cluster, resource: THINGS, profile });
  const object = cluster.put(THINGS, {
    apiVersion: "a/v1",
    kind: "Thing",
    metadata: { name: "n", namespace: "ns" },
    status,
  });
  const now = () => cluster.object("things", "ns/n") as KubeObject;
  return { cluster, writer, object, now };
};
const writes = (cluster: ReturnType<typeof memoryCluster>) =>
  cluster.calls.filter(({ verb }) => verb === "update" || verb === "patch").length;

describe.each(["patch", "update"] as const)("StatusWriter with %s", (write) => {
  test("writes nothing when nothing differs", async () => {
    const { cluster, writer, object } = start(write, { a: 1 });
    expect(await writer.write(object, () => ({ a: 1 }))).toBe(object);
    expect(await writer.write(object, () => undefined)).toBe(object);
    expect(writes(cluster)).toBe(0);
  });

  test("leaves exactly what was wanted, also of nested fields that went", async () => {
    const { writer, object, now } = start(write, {
      gone: 1,
      kept: 2,
      artifact: { url: "u", metadata: { x: "1", y: "2" } },
      list: [1, 2],
    });
    const wanted = { kept: 2, artifact: { metadata: { y: "2", z: "3" } }, list: [2] };
    await writer.write(object, () => wanted);
    expect(statusOf(now())).toEqual(wanted);
  });

  test("the newer of the cache and of what was written counts, until the cache has caught up", async () => {
    const { cluster, writer, object } = start(write);
    const written = (await writer.write(object, () => ({ a: 1 }))) as KubeObject;
    expect(statusOf(writer.newest(object))).toEqual({ a: 1 });
    writer.seen("ns/n", object);
    expect(statusOf(writer.newest(object))).toEqual({ a: 1 });
    writer.seen("ns/n", written);
    expect(writer.newest(object)).toBe(object);
    await writer.write(written, () => ({ a: 2 }));
    const newer = cluster.put(THINGS, { ...(cluster.object("things", "ns/n") as KubeObject), status: { a: 3 } });
    expect(statusOf(writer.newest(newer))).toEqual({ a: 3 });
  });

  test("what was written of a predecessor says nothing of its successor", async () => {
    const { cluster, writer, object } = start(write);
    await writer.write(object, () => ({ a: 1 }));
    cluster.remove(THINGS, "ns/n");
    const successor = cluster.put(THINGS, {
      apiVersion: "a/v1",
      kind: "Thing",
      metadata: { name: "n", namespace: "ns" },
    });
    expect(writer.newest(successor)).toBe(successor);
  });

  test("an object that is gone is undefined, and its successor gets nothing of its status", async () => {
    const { cluster, writer, object, now } = start(write);
    cluster.remove(THINGS, "ns/n");
    expect(await writer.write(object, () => ({ a: 1 }))).toBeUndefined();
    cluster.put(THINGS, { apiVersion: "a/v1", kind: "Thing", metadata: { name: "n", namespace: "ns" } });
    await writer.write(object, () => ({ a: 1 })).catch(() => undefined);
    expect(statusOf(now())).toEqual({});
  });

  test("what the API refuses is thrown", async () => {
    const { cluster, writer, object } = start(write);
    cluster.failures.set(`${write} things`, () => new KubeError("KUBE_API", "x", { status: 403 }));
    await expect(writer.write(object, () => ({ a: 1 }))).rejects.toMatchObject({ status: 403 });
  });
});

test("a status that meets a newer object is worked out again from that", async () => {
  const { cluster, writer, object, now } = start("update", { count: 1 });
  cluster.put(THINGS, { ...now(), status: { count: 5 }, spec: { x: 1 } });
  await writer.write(object, (current) => ({ count: Number(statusOf(current)["count"]) + 1 }));
  expect(now()).toMatchObject({ status: { count: 6 }, spec: { x: 1 } });
});
