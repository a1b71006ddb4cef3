import { describe, expect, test } from "vitest";
import { type Api, fresh, newNamespace } from "./endpoint.ts";

/** Watches: from now, from a revision, with selectors, bookmarks and the streaming list. */
export function watchesConformance(api: () => Api): void {
  describe("watches", () => {
    let namespace = "";
    const maps = () => `/api/v1/namespaces/${namespace}/configmaps`;
    const begin = async () => {
      if (namespace === "") namespace = await newNamespace(api());
    };
    const map = (name: string, labels: object = {}, data: object = {}) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, labels },
      data,
    });
    // biome-ignore lint/suspicious/noExplicitAny: events of any kind
    const short = (events: any[]) => events.map((event) => `${event.type} ${event.object.metadata.name}`);

    test("a watch from a list's revision sees every change once and in order", async () => {
      await begin();
      const name = fresh("w");
      const from = (await api().get(maps())).json.metadata.resourceVersion;
      const watch = api().watch(`${maps()}?watch=1&resourceVersion=${from}`, (events) => events.length >= 3);
      await watch.open;
      await api().post(maps(), map(name));
      await api().patch("merge", `${maps()}/${name}`, { data: { a: "1" } });
      const gone = await api().delete(`${maps()}/${name}`);
      expect(gone.status).toBe(200);
      const { events } = await watch.done;
      expect(short(events)).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
      const revisions = events.map((event) => Number(event.object.metadata.resourceVersion));
      expect(revisions).toEqual([...revisions].sort((left, right) => left - right));
      expect(events[2].object.data).toEqual({ a: "1" });
    });

    test("a watch resumes where it was interrupted", async () => {
      await begin();
      const [first, second] = [fresh("w"), fresh("w")];
      const made = await api().post(maps(), map(first));
      await api().post(maps(), map(second));
      const path = `${maps()}?watch=true&resourceVersion=${made.json.metadata.resourceVersion}`;
      const { events } = await api().watch(path, (got) => got.length >= 1).done;
      expect(short(events)).toEqual([`ADDED ${second}`]);
    });

    test("a watch without revision begins with what is there", async () => {
      await begin();
      const name = fresh("w");
      await api().post(maps(), map(name));
      const { events } = await api().watch(
        `${maps()}?watch=true&fieldSelector=metadata.name%3D${name}`,
        (got) => got.length >= 1,
      ).done;
      expect(short(events)).toEqual([`ADDED ${name}`]);
    });

    test("an object that begins or stops to match is added or deleted", async () => {
      await begin();
      const name = fresh("w");
      const from = (await api().get(maps())).json.metadata.resourceVersion;
      const watch = api().watch(
        `${maps()}?watch=1&labelSelector=on&resourceVersion=${from}`,
        (events) => events.length >= 3,
      );
      await watch.open;
      await api().post(maps(), map(name));
      await api().patch("merge", `${maps()}/${name}`, { metadata: { labels: { on: "1" } } });
      await api().patch("merge", `${maps()}/${name}`, { data: { a: "1" } });
      await api().patch("merge", `${maps()}/${name}`, { metadata: { labels: { on: null } } });
      const { events } = await watch.done;
      expect(short(events)).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
      expect(events[2].object.metadata.labels).toEqual({ on: "1" });
    });

    test("the server ends a watch after timeoutSeconds", async () => {
      await begin();
      const from = (await api().get(maps())).json.metadata.resourceVersion;
      const { ended, status } = await api().watch(
        `${maps()}?watch=1&timeoutSeconds=1&resourceVersion=${from}`,
        () => false,
      ).done;
      expect({ ended, status }).toEqual({ ended: true, status: 200 });
    });

    test("the streaming list ends its first part with a bookmark", async () => {
      await begin();
      const name = fresh("w");
      await api().post(maps(), map(name));
      const query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
      const path = `${maps()}?${query}&fieldSelector=metadata.name%3D${name}`;
      const { events } = await api().watch(path, (got) => got.some((event) => event.type === "BOOKMARK")).done;
      expect(events.map((event) => event.type)).toEqual(["ADDED", "BOOKMARK"]);
      expect(events[1].object).toMatchObject({
        kind: "ConfigMap",
        apiVersion: "v1",
        metadata: { annotations: { "k8s.io/initial-events-end": "true" } },
      });
    });

    test("wishes that contradict each other are refused", async () => {
      await begin();
      expect((await api().get(`${maps()}?watch=1&sendInitialEvents=true`)).json).toMatchObject({
        code: 422,
        message:
          'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      });
      expect((await api().get(`${maps()}?watch=1&resourceVersion=abc`)).status).toBe(500);
    });

    test("a watch can show tables, the columns only once", async () => {
      await begin();
      const name = fresh("w");
      await api().post(maps(), map(name));
      const watch = api().watch(
        `${maps()}?watch=1&fieldSelector=metadata.name%3D${name}`,
        (events) => events.length >= 2,
        {
          accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
        },
      );
      await watch.open;
      await api().patch("merge", `${maps()}/${name}`, { data: { a: "1" } });
      const { events } = await watch.done;
      expect(events[0].object.columnDefinitions).toHaveLength(3);
      expect(events[1].object.columnDefinitions).toBeNull();
      expect(events[1].object.rows[0].cells.slice(0, 2)).toEqual([name, 1]);
    });
  });
}
