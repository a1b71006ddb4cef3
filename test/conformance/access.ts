import { describe, expect, test } from "vitest";
import { type Api, eventually, newNamespace } from "./endpoint.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";

/** Who may do what: RBAC, impersonation, access reviews, tokens. */
export function accessConformance(api: () => Api): void {
  describe("access", () => {
    let namespace = "";
    const begin = async () => {
      if (namespace !== "") return;
      namespace = await newNamespace(api());
      await api().post(`/api/v1/namespaces/${namespace}/serviceaccounts`, account("worker"));
      await api().post(`${RBAC}/namespaces/${namespace}/roles`, {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name: "maps" },
        rules: [
          { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "create"] },
          { apiGroups: [""], resources: ["secrets"], resourceNames: ["one"], verbs: ["get"] },
          { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"], verbs: ["create"] },
        ],
      });
      await api().post(`${RBAC}/namespaces/${namespace}/rolebindings`, {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "maps" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "maps" },
        subjects: [{ kind: "ServiceAccount", name: "worker", namespace }],
      });
      await eventually("the binding is in force", async () => {
        const answer = await api().get(`/api/v1/namespaces/${namespace}/configmaps`, { as: user() });
        return answer.status === 200 ? true : undefined;
      });
    };
    const account = (name: string) => ({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name } });
    const user = () => `system:serviceaccount:${namespace}:worker`;
    const core = () => `/api/v1/namespaces/${namespace}`;

    test("an impersonated account has the rights of its roles, and no others", async () => {
      await begin();
      const as = user();
      expect((await api().get(`${core()}/configmaps`, { as })).status).toBe(200);
      expect(
        (
          await api().post(
            `${core()}/configmaps`,
            { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mine" } },
            { as },
          )
        ).status,
      ).toBe(201);
      expect((await api().delete(`${core()}/configmaps/mine`, undefined, { as })).json).toMatchObject({
        code: 403,
        reason: "Forbidden",
        message: `configmaps "mine" is forbidden: User "${as}" cannot delete resource "configmaps" in API group "" in the namespace "${namespace}"`,
        details: { name: "mine", kind: "configmaps" },
      });
      expect((await api().get("/api/v1/nodes", { as })).json.message).toBe(
        `nodes is forbidden: User "${as}" cannot list resource "nodes" in API group "" at the cluster scope`,
      );
      expect((await api().get(`${core()}/secrets/one`, { as })).status).toBe(404);
      expect((await api().get(`${core()}/secrets/two`, { as })).status).toBe(403);
      expect((await api().get(`${core()}/secrets`, { as })).status).toBe(403);
      expect((await api().get("/metrics", { as })).json.message).toBe(
        `forbidden: User "${as}" cannot get path "/metrics"`,
      );
      expect((await api().get("/apis", { as })).status).toBe(200);
    });

    test("the roles that every cluster has are filled in from one another", async () => {
      await begin();
      for (const role of ["admin", "edit", "view"]) {
        await api().post(`${RBAC}/namespaces/${namespace}/rolebindings`, {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: { name: role },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
          subjects: [{ kind: "User", name: `a-${role}`, apiGroup: "rbac.authorization.k8s.io" }],
        });
      }
      const may = async (user: string, verb: string, resource: string) => {
        const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        const [plural, group = ""] = resource.split(/\.(.*)/s);
        const spec = { user, resourceAttributes: { namespace, verb, group, resource: plural } };
        return (await api().post(path, { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec }))
          .json.status.allowed;
      };
      await eventually("roles are filled in", async () => ((await may("a-view", "list", "pods")) ? true : undefined));
      await eventually("roles are filled in", async () =>
        (await may("a-admin", "create", "roles.rbac.authorization.k8s.io")) ? true : undefined,
      );
      expect(await may("a-view", "list", "secrets")).toBe(false);
      expect(await may("a-view", "create", "configmaps")).toBe(false);
      expect(await may("a-edit", "list", "pods")).toBe(true);
      expect(await may("a-edit", "create", "deployments.apps")).toBe(true);
      expect(await may("a-edit", "create", "roles.rbac.authorization.k8s.io")).toBe(false);
      expect(await may("a-admin", "list", "pods")).toBe(true);
      expect(await may("a-admin", "get", "secrets")).toBe(true);
      expect(await may("a-admin", "create", "namespaces")).toBe(false);
    });

    test("nobody gives away more than they have", async () => {
      await begin();
      const as = user();
      const role = (name: string, resource: string) => ({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name },
        rules: [{ apiGroups: [""], resources: [resource], verbs: ["get"] }],
      });
      const path = `${RBAC}/namespaces/${namespace}/roles`;
      expect((await api().post(path, role("less", "configmaps"), { as })).status).toBe(201);
      const more = await api().post(path, role("more", "pods"), { as });
      expect(more.status).toBe(403);
      expect(more.json.message).toContain("is attempting to grant RBAC permissions not currently held:");
      expect(more.json.message).toContain('{APIGroups:[""], Resources:["pods"], Verbs:["get"]}');
    });

    test("an account may not impersonate", async () => {
      await begin();
      const token = await tokenOf("worker");
      const answer = await api().get("/api/v1/nodes", { token, as: "admin" });
      expect(answer.status).toBe(403);
    });

    const tokenOf = async (name: string): Promise<string> => {
      const path = `${core()}/serviceaccounts/${name}/token`;
      const answer = await api().post(path, { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} });
      expect(answer.status).toBe(201);
      return answer.json.status.token;
    };

    test("a requested token is its account", async () => {
      await begin();
      const token = await tokenOf("worker");
      expect((await api().get(`${core()}/configmaps`, { token })).status).toBe(200);
      expect((await api().get(`${core()}/secrets`, { token })).json.message).toContain(`User "${user()}" cannot list`);
      const self = await api().post(
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
        { token },
      );
      expect(self.json.status.userInfo).toMatchObject({ username: user() });
      expect(self.json.status.userInfo.groups).toEqual([
        "system:serviceaccounts",
        `system:serviceaccounts:${namespace}`,
        "system:authenticated",
      ]);
    });

    test("a wrong token is nobody", async () => {
      const answer = await api().get("/api/v1/namespaces", { token: "wrong" });
      expect(answer.json).toMatchObject({ code: 401, reason: "Unauthorized", message: "Unauthorized" });
    });

    test("access reviews answer for oneself and for others", async () => {
      await begin();
      const kind = "SelfSubjectAccessReview";
      const review = (verb: string, resource: string) => ({
        apiVersion: "authorization.k8s.io/v1",
        kind,
        spec: { resourceAttributes: { namespace, verb, resource } },
      });
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      const allowed = await api().post(path, review("list", "configmaps"), { as: user() });
      expect(allowed.status).toBe(201);
      expect(allowed.json.status).toEqual({
        allowed: true,
        reason: `RBAC: allowed by RoleBinding "maps/${namespace}" of Role "maps" to ServiceAccount "worker/${namespace}"`,
      });
      expect((await api().post(path, review("list", "secrets"), { as: user() })).json.status).toEqual({
        allowed: false,
      });
      expect((await api().post(path, review("list", "secrets"))).json.status.allowed).toBe(true);
      const other = await api().post("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
        ...review("get", "configmaps"),
        kind: "SubjectAccessReview",
        spec: { user: user(), resourceAttributes: { namespace, verb: "get", resource: "configmaps" } },
      });
      expect(other.json.status.allowed).toBe(true);
    });
  });
}
