import { describe, expect, test } from "vitest";
import { type Api, fresh, newNamespace } from "./endpoint.ts";

/** Lists, selectors, pages, tables. */
export function listsConformance(api: () => Api): void {
  describe("lists", () => {
    let namespace = "";
    const maps = () => `/api/v1/namespaces/${namespace}/configmaps`;
    const names = (answer: { json: { items: { metadata: { name: string } }[] } }) =>
      answer.json.items.map((item) => item.metadata.name);
    const begin = async () => {
      if (namespace !== "") return;
      namespace = await newNamespace(api());
      const rows: [string, Record<string, string>][] = [
        ["a", { app: "x", tier: "1" }],
        ["b", { app: "x", tier: "2" }],
        ["c", { app: "y" }],
        ["d", {}],
        ["e", { app: "z", tier: "1" }],
      ];
      for (const [name, labels] of rows) {
        await api().post(maps(), { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data: { name } });
      }
    };

    test("a list has a kind, a revision and items without kind", async () => {
      await begin();
      const answer = await api().get(maps());
      expect(answer.json).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1" });
      expect(Number(answer.json.metadata.resourceVersion)).toBeGreaterThan(0);
      expect(answer.json.items[0].kind).toBeUndefined();
      expect(names(answer)).toEqual(["a", "b", "c", "d", "e"]);
    });

    test.each([
      ["app=x", ["a", "b"]],
      ["app==x,tier!=1", ["b"]],
      ["app!=x", ["c", "d", "e"]],
      ["app in (x,y)", ["a", "b", "c"]],
      ["app notin (x, y)", ["d", "e"]],
      ["tier", ["a", "b", "e"]],
      ["!tier", ["c", "d"]],
      ["tier>1", ["b"]],
      ["", ["a", "b", "c", "d", "e"]],
    ])("label selector %s", async (selector, wanted) => {
      await begin();
      expect(names(await api().get(`${maps()}?labelSelector=${encodeURIComponent(selector)}`))).toEqual(wanted);
    });

    test.each([
      ["metadata.name=b", ["b"]],
      ["metadata.name!=b,metadata.name!=c", ["a", "d", "e"]],
    ])("field selector %s", async (selector, wanted) => {
      await begin();
      expect(names(await api().get(`${maps()}?fieldSelector=${encodeURIComponent(selector)}`))).toEqual(wanted);
    });

    test("selectors that make no sense are refused", async () => {
      await begin();
      expect((await api().get(`${maps()}?labelSelector=a%20b`)).json).toMatchObject({
        code: 400,
        message: "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
      });
      expect((await api().get(`${maps()}?fieldSelector=data.x%3Db`)).json).toMatchObject({
        code: 400,
        message: '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
      });
    });

    test("secrets are selected by type", async () => {
      await begin();
      const path = `/api/v1/namespaces/${namespace}/secrets`;
      await api().post(path, { apiVersion: "v1", kind: "Secret", metadata: { name: "one" }, type: "my/type" });
      await api().post(path, { apiVersion: "v1", kind: "Secret", metadata: { name: "two" } });
      expect(names(await api().get(`${path}?fieldSelector=type%3Dmy/type`))).toEqual(["one"]);
      const bad = await api().get(`${path}?fieldSelector=nope%3D1`);
      expect(bad.json).toMatchObject({ code: 400, message: "field label not supported: nope" });
    });

    test("pages show one consistent state", async () => {
      await begin();
      const first = await api().get(`${maps()}?limit=2`);
      expect(names(first)).toEqual(["a", "b"]);
      expect(first.json.metadata.remainingItemCount).toBe(3);
      await api().post(maps(), { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "bb" } });
      const second = await api().get(`${maps()}?limit=2&continue=${first.json.metadata.continue}`);
      expect(names(second)).toEqual(["c", "d"]);
      expect(second.json.metadata.resourceVersion).toBe(first.json.metadata.resourceVersion);
      const third = await api().get(`${maps()}?limit=2&continue=${second.json.metadata.continue}`);
      expect(names(third)).toEqual(["e"]);
      expect(third.json.metadata.continue).toBeUndefined();
      await api().delete(`${maps()}/bb`);
      expect((await api().get(`${maps()}?continue=nonsense`)).status).toBe(400);
    });

    test("a page with a selector does not count what remains", async () => {
      await begin();
      const page = await api().get(`${maps()}?limit=1&labelSelector=app`);
      expect(names(page)).toEqual(["a"]);
      expect(page.json.metadata.continue).toBeDefined();
      expect(page.json.metadata.remainingItemCount).toBeUndefined();
    });

    test("a revision of the future is refused", async () => {
      await begin();
      const answer = await api().get(`${maps()}?resourceVersion=999999999`);
      expect(answer.json).toMatchObject({ code: 504, reason: "Timeout" });
      expect(answer.json.message).toMatch(/^Timeout: Too large resource version: 999999999, current: \d+$/);
    });

    test("an exact old revision is shown", async () => {
      await begin();
      const before = (await api().get(maps())).json.metadata.resourceVersion;
      const name = fresh("late");
      await api().post(maps(), { apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
      const old = await api().get(`${maps()}?resourceVersion=${before}&resourceVersionMatch=Exact`);
      expect(names(old)).not.toContain(name);
      await api().delete(`${maps()}/${name}`);
    });

    test("a table has the columns that kubectl prints", async () => {
      await begin();
      const answer = await api().get(maps(), {
        accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
      });
      expect(answer.json).toMatchObject({ kind: "Table", apiVersion: "meta.k8s.io/v1" });
      expect(answer.json.columnDefinitions.map((column: { name: string }) => column.name)).toEqual([
        "Name",
        "Data",
        "Age",
      ]);
      expect(answer.json.rows[0].cells.slice(0, 2)).toEqual(["a", 1]);
      expect(answer.json.rows[0].object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "a" } });
    });

    test("metadata alone can be asked for", async () => {
      await begin();
      const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
      const answer = await api().get(maps(), { accept });
      expect(answer.json).toMatchObject({ kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" });
      expect(answer.json.items[0].data).toBeUndefined();
      expect(answer.json.items[0].metadata.name).toBe("a");
    });

    test("discovery: old and aggregated, groups and resources", async () => {
      const core = await api().get("/api/v1");
      const maps = core.json.resources.find((resource: { name: string }) => resource.name === "configmaps");
      expect(maps).toMatchObject({
        namespaced: true,
        kind: "ConfigMap",
        singularName: "configmap",
        shortNames: ["cm"],
      });
      expect((await api().get("/apis")).json.groups.map((group: { name: string }) => group.name)).toContain("apps");
      expect((await api().get("/apis/apps")).json.preferredVersion).toEqual({ groupVersion: "apps/v1", version: "v1" });
      const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
      const all = await api().get("/apis", { accept });
      expect(all.json).toMatchObject({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2" });
      expect((await api().get("/version")).json.gitVersion).toMatch(/^v1\./);
      for (const path of ["/healthz", "/livez", "/readyz"]) expect((await api().get(path)).text).toBe("ok");
      expect((await api().get("/openapi/v3")).json.paths["apis/apps/v1"].serverRelativeURL).toMatch(
        /^\/openapi\/v3\/apis\/apps\/v1\?hash=/,
      );
    });
  });
}
