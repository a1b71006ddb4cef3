import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import { Api, eventually } from "../../conformance/endpoint.ts";

describe("limits of the sandbox", () => {
  let sandbox: Sandbox;
  let api: Api;
  const maps = "/api/v1/namespaces/default/configmaps";
  const map = (name: string, data: unknown = {}) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });
  beforeAll(async () => {
    sandbox = await startSandbox({
      limits: { watchers: 2, eventWindow: 50, objects: 200, bookmarkMs: 50, bodyDepth: 20 },
    });
    api = new Api(sandbox.endpoint);
  });
  afterAll(async () => {
    api.close();
    await sandbox.close();
  });

  test("a body that is too large, too deep, or names a prototype is refused", async () => {
    expect((await api.post(maps, "x".repeat(4_000_000))).json).toMatchObject({
      code: 413,
      reason: "RequestEntityTooLarge",
    });
    const deep = `${"[".repeat(100)}${"]".repeat(100)}`;
    expect((await api.post(maps, `{"metadata":{"name":"a"},"x":${deep}}`)).status).toBe(400);
    expect((await api.post(maps, `{"metadata":{"name":"a"},"data":{"__proto__":"x"}}`)).status).toBe(400);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("watches have a limit, and it is given back", async () => {
    const path = `${maps}?watch=1&resourceVersion=${sandbox.stats().revision}`;
    const watches = [api.watch(path, () => false), api.watch(path, () => false)];
    await Promise.all(watches.map((watch) => watch.open));
    const third = await api.get(path);
    expect(third.json).toMatchObject({ code: 429, reason: "TooManyRequests" });
    expect(third.headers["retry-after"]).toBe("1");
    for (const watch of watches) watch.close();
    await Promise.all(watches.map((watch) => watch.done));
    await eventually("no watch is left", async () => (sandbox.stats().watchers === 0 ? true : undefined));
  });

  test("bookmarks tell the revision of quiet watches", async () => {
    const path = `${maps}?watch=1&allowWatchBookmarks=true&resourceVersion=${sandbox.stats().revision}`;
    const { events } = await api.watch(path, (got) => got.length >= 2).done;
    expect(events[0]).toMatchObject({ type: "BOOKMARK", object: { kind: "ConfigMap", apiVersion: "v1" } });
    expect(Number(events[0].object.metadata.resourceVersion)).toBeGreaterThan(0);
  });

  test("a watch from before the window gets 410, and so does a page", async () => {
    await api.post(maps, map("one"));
    await api.post(maps, map("two"));
    const page = await api.get(`${maps}?limit=1`);
    const old = page.json.metadata.resourceVersion;
    await api.patch("merge", `${maps}/one`, { data: { a: "1" } });
    sandbox.compact();
    const { events, ended, status } = await api.watch(`${maps}?watch=1&resourceVersion=1`, () => false).done;
    expect({ ended, status }).toEqual({ ended: true, status: 200 });
    expect(events).toEqual([
      expect.objectContaining({
        type: "ERROR",
        object: expect.objectContaining({ kind: "Status", code: 410, reason: "Expired" }),
      }),
    ]);
    expect(events[0].object.message).toMatch(/^too old resource version: 1 \(\d+\)$/);
    const next = await api.get(`${maps}?limit=1&continue=${page.json.metadata.continue}`);
    expect(next.json).toMatchObject({ code: 410, reason: "Expired" });
    const goesOn = await api.get(`${maps}?limit=1&continue=${next.json.metadata.continue}`);
    expect(goesOn.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(["two"]);
    const exact = await api.get(`${maps}?resourceVersion=${old}&resourceVersionMatch=Exact`);
    expect(exact.status).toBe(410);
  });

  test("the window drops what is old by itself", async () => {
    const from = sandbox.stats().revision;
    for (let count = 0; count < 200; count += 1)
      await api.patch("merge", `${maps}/one`, { data: { count: String(count) } });
    expect(sandbox.stats().events).toBeLessThan(130);
    const { events } = await api.watch(`${maps}?watch=1&resourceVersion=${from}`, (got) => got.length > 0).done;
    expect(events[0].type).toBe("ERROR");
  });

  test("large objects push the history out before its number of events is reached", async () => {
    const small = await startSandbox({ limits: { eventBytes: 300_000, objectBytes: 2_000_000 } });
    const client = new Api(small.endpoint);
    await client.post(maps, map("big"));
    for (let count = 0; count < 8; count += 1) {
      await client.patch("merge", `${maps}/big`, { data: { big: String(count).repeat(100_000) } });
    }
    const { events } = await client.watch(`${maps}?watch=1&resourceVersion=2`, (got) => got.length > 0).done;
    expect(events[0]).toMatchObject({ type: "ERROR", object: { code: 410 } });
    const fill = async (count: number) =>
      (await client.post(maps, map(`fill-${count}`, { a: "x".repeat(900_000) }))).status;
    expect([await fill(1), await fill(2), await fill(3)]).toEqual([201, 201, 429]);
    client.close();
    await small.close();
  });

  test("the store has a limit", async () => {
    let refused: { json: { code: number } } | undefined;
    for (let count = 0; count < 220 && refused === undefined; count += 1) {
      const made = await api.post(maps, map(`fill-${count}`));
      if (made.status !== 201) refused = made;
    }
    expect(refused?.json.code).toBe(429);
    expect((await api.delete(maps)).status).toBe(200);
  });
});
