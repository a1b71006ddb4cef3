import { describe, expect, test } from "vitest";
import { type Api, eventually, fresh, newNamespace } from "./endpoint.ts";

/** An owner that never was. */
const GHOST = { apiVersion: "v1", kind: "ConfigMap", name: "ghost", uid: "00000000-0000-0000-0000-000000000000" };

/** Owner references and the end of namespaces. Needs the garbage collector beside a real API server. */
export function garbageConformance(api: () => Api): void {
  describe("garbage collection", () => {
    let namespace = "";
    const maps = () => `/api/v1/namespaces/${namespace}/configmaps`;
    const begin = async () => {
      if (namespace === "") namespace = await newNamespace(api());
    };
    const make = async (name: string, owners: object[] = []) => {
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ownerReferences: owners } };
      return (await api().post(maps(), body)).json;
    };
    const owner = (object: { metadata: { name: string; uid: string } }, more: object = {}) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      name: object.metadata.name,
      uid: object.metadata.uid,
      ...more,
    });
    const gone = (name: string) =>
      eventually(`${name} is gone`, async () =>
        (await api().get(`${maps()}/${name}`)).status === 404 ? true : undefined,
      );
    /** The collector sees objects in their order: once it took the last one away, it knows those before. */
    const collectorHasSeenAll = async () => {
      const last = fresh("last");
      await make(last, [GHOST]);
      await gone(last);
    };
    const exists = async (name: string) => (await api().get(`${maps()}/${name}`)).status === 200;

    test("background: the owner goes at once, dependents and theirs follow", async () => {
      await begin();
      const [a, b, c] = [fresh("a"), fresh("b"), fresh("c")];
      const top = await make(a);
      const middle = await make(b, [owner(top)]);
      await make(c, [owner(middle)]);
      expect((await api().delete(`${maps()}/${a}`, { propagationPolicy: "Background" })).json.status).toBe("Success");
      expect(await exists(a)).toBe(false);
      await gone(b);
      await gone(c);
    });

    test("a dependent with another living owner loses only the reference", async () => {
      await begin();
      const [a, b, c] = [fresh("a"), fresh("b"), fresh("c")];
      const [first, second] = [await make(a), await make(b)];
      await make(c, [owner(first), owner(second)]);
      await api().delete(`${maps()}/${a}`);
      const left = await eventually("one owner is left", async () => {
        const seen = await api().get(`${maps()}/${c}`);
        return seen.json.metadata?.ownerReferences?.length === 1 ? seen.json : undefined;
      });
      expect(left.metadata.ownerReferences[0].name).toBe(b);
    });

    test("foreground: the owner waits for dependents that block it", async () => {
      await begin();
      const [a, b] = [fresh("a"), fresh("b")];
      const top = await make(a);
      await make(b, [owner(top, { blockOwnerDeletion: true, controller: true })]);
      await collectorHasSeenAll();
      const answer = await api().delete(`${maps()}/${a}`, { propagationPolicy: "Foreground" });
      expect(answer.json.metadata).toMatchObject({ finalizers: ["foregroundDeletion"], deletionGracePeriodSeconds: 0 });
      await gone(b);
      await gone(a);
    });

    test("orphan: dependents stay without the reference", async () => {
      await begin();
      const [a, b] = [fresh("a"), fresh("b")];
      const top = await make(a);
      await make(b, [owner(top)]);
      await collectorHasSeenAll();
      await api().delete(`${maps()}/${a}`, { propagationPolicy: "Orphan" });
      await gone(a);
      const left = await api().get(`${maps()}/${b}`);
      expect(left.json.metadata.ownerReferences).toBeUndefined();
    });

    test("a dependent of something that never was is deleted", async () => {
      await begin();
      const name = fresh("a");
      await make(name, [GHOST]);
      await gone(name);
    });

    test("a namespace takes its contents with it", async () => {
      const space = await newNamespace(api());
      const path = `/api/v1/namespaces/${space}`;
      await api().post(`${path}/configmaps`, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "held", finalizers: ["example.com/hold"] },
      });
      await api().post(`${path}/secrets`, { apiVersion: "v1", kind: "Secret", metadata: { name: "s" } });
      const answer = await api().delete(path);
      expect(answer.json.status.phase).toBe("Terminating");
      const refused = await api().post(`${path}/configmaps`, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "late" },
      });
      expect(refused.json).toMatchObject({
        code: 403,
        message: `configmaps "late" is forbidden: unable to create new content in namespace ${space} because it is being terminated`,
      });
      await eventually("the secret is gone", async () =>
        (await api().get(`${path}/secrets/s`)).status === 404 ? true : undefined,
      );
      expect((await api().get(path)).status).toBe(200);
      await eventually("the map is marked", async () => {
        const seen = await api().get(`${path}/configmaps/held`);
        return seen.json.metadata?.deletionTimestamp === undefined ? undefined : true;
      });
      await api().patch("merge", `${path}/configmaps/held`, { metadata: { finalizers: null } });
      await eventually("the namespace is gone", async () =>
        (await api().get(path)).status === 404 ? true : undefined,
      );
    });
  });
}
