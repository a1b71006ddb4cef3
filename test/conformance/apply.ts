import { describe, expect, test } from "vitest";
import { type Api, fresh, newNamespace } from "./endpoint.ts";

type Owner = { manager: string; operation: string; subresource?: string; apiVersion: string; fieldsV1: object };

/** Server-side apply: ownership, conflicts, force, removal. */
export function applyConformance(api: () => Api): void {
  describe("server-side apply", () => {
    let namespace = "";
    const begin = async () => {
      if (namespace === "") namespace = await newNamespace(api());
    };
    const maps = () => `/api/v1/namespaces/${namespace}/configmaps`;
    const deployments = () => `/apis/apps/v1/namespaces/${namespace}/deployments`;
    const apply = (path: string, manager: string, body: object, force = false) =>
      api().patch("apply", `${path}?fieldManager=${manager}${force ? "&force=true" : ""}`, body);
    const map = (name: string, data: object, more: object = {}) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, ...more },
      data,
    });
    const owners = (answer: { json: { metadata: { managedFields?: Owner[] } } }) =>
      (answer.json.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1, subresource }) => ({
        manager,
        operation,
        ...(subresource === undefined ? {} : { subresource }),
        fieldsV1,
      }));

    test("it creates, and records what was applied", async () => {
      await begin();
      const name = fresh("a");
      const made = await apply(`${maps()}/${name}`, "one", map(name, { a: "1" }, { labels: { l: "1" } }));
      expect(made.status).toBe(201);
      expect(owners(made)).toEqual([
        {
          manager: "one",
          operation: "Apply",
          fieldsV1: { "f:data": { "f:a": {} }, "f:metadata": { "f:labels": { "f:l": {} } } },
        },
      ]);
    });

    test("what was applied before and is no longer is removed; what others own stays", async () => {
      await begin();
      const name = fresh("a");
      const path = `${maps()}/${name}`;
      await apply(path, "one", map(name, { a: "1", b: "2" }));
      await apply(path, "two", map(name, { b: "2", c: "3" }));
      const after = await apply(path, "one", map(name, { d: "4" }));
      expect(after.json.data).toEqual({ b: "2", c: "3", d: "4" });
      expect(owners(after).sort((left, right) => (left.manager < right.manager ? -1 : 1))).toEqual([
        { manager: "one", operation: "Apply", fieldsV1: { "f:data": { "f:d": {} } } },
        { manager: "two", operation: "Apply", fieldsV1: { "f:data": { "f:b": {}, "f:c": {} } } },
      ]);
    });

    test("a field with another value of another owner is a conflict, which force wins", async () => {
      await begin();
      const name = fresh("a");
      const path = `${maps()}/${name}`;
      await apply(path, "one", map(name, { a: "1", b: "1" }));
      const refused = await apply(path, "two", map(name, { a: "2", b: "2" }));
      expect(refused.json).toMatchObject({
        code: 409,
        reason: "Conflict",
        message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
      });
      expect(refused.json.details.causes).toEqual([
        { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.a" },
        { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.b" },
      ]);
      const single = await apply(path, "two", map(name, { a: "2" }));
      expect(single.json.message).toBe('Apply failed with 1 conflict: conflict with "one": .data.a');
      const forced = await apply(path, "two", map(name, { a: "2" }), true);
      expect(forced.json.data).toEqual({ a: "2", b: "1" });
      expect(owners(forced).find((owner) => owner.manager === "one")?.fieldsV1).toEqual({ "f:data": { "f:b": {} } });
    });

    test("the same value has two owners without a conflict", async () => {
      await begin();
      const name = fresh("a");
      const path = `${maps()}/${name}`;
      await apply(path, "one", map(name, { a: "1" }));
      const both = await apply(path, "two", map(name, { a: "1" }));
      expect(both.status).toBe(200);
      expect(owners(both)).toHaveLength(2);
    });

    test("the same apply again changes nothing", async () => {
      await begin();
      const name = fresh("a");
      const path = `${maps()}/${name}`;
      const first = await apply(path, "one", map(name, { a: "1" }));
      const again = await apply(path, "one", map(name, { a: "1" }));
      expect(again.json).toEqual(first.json);
    });

    test("an update takes fields over from an apply", async () => {
      await begin();
      const name = fresh("a");
      const path = `${maps()}/${name}`;
      await apply(path, "one", map(name, { a: "1", b: "2" }));
      const updated = await api().call(
        "PATCH",
        path,
        { data: { a: "9", c: "3" } },
        {
          contentType: "application/merge-patch+json",
          userAgent: "editor/v1 (x)",
        },
      );
      expect(owners(updated)).toEqual([
        { manager: "one", operation: "Apply", fieldsV1: { "f:data": { "f:b": {} } } },
        { manager: "editor", operation: "Update", fieldsV1: { "f:data": { "f:a": {}, "f:c": {} } } },
      ]);
      const conflict = await apply(path, "one", map(name, { a: "1" }));
      expect(conflict.json.message).toMatch(
        /^Apply failed with 1 conflict: conflict with "editor" using v1( at [-0-9TZ:]+)?: \.data\.a$/,
      );
    });

    test("create records the fields that appear, containers included", async () => {
      await begin();
      const name = fresh("a");
      const made = await api().post(
        `${maps()}?fieldManager=maker`,
        map(name, { a: "1" }, { labels: { l: "1" }, annotations: { n: "1" } }),
      );
      expect(owners(made)).toEqual([
        {
          manager: "maker",
          operation: "Update",
          fieldsV1: {
            "f:data": { ".": {}, "f:a": {} },
            "f:metadata": { "f:annotations": { ".": {}, "f:n": {} }, "f:labels": { ".": {}, "f:l": {} } },
          },
        },
      ]);
    });

    const deployment = (name: string, containers: object[], more: object = {}) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        ...more,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers } },
      },
    });

    test("list items are owned by their keys", async () => {
      await begin();
      const name = fresh("d");
      const path = `${deployments()}/${name}`;
      const made = await apply(
        path,
        "one",
        deployment(name, [{ name: "c", image: "c:1", ports: [{ containerPort: 80 }] }]),
      );
      expect(owners(made)[0]?.fieldsV1).toEqual({
        "f:spec": {
          "f:selector": {},
          "f:template": {
            "f:metadata": { "f:labels": { "f:app": {} } },
            "f:spec": {
              "f:containers": {
                'k:{"name":"c"}': {
                  ".": {},
                  "f:image": {},
                  "f:name": {},
                  "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
                },
              },
            },
          },
        },
      });
      const sidecar = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name },
        spec: { template: { spec: { containers: [{ name: "side", image: "s:1" }] } } },
      };
      const both = await apply(path, "two", sidecar);
      expect(both.json.spec.template.spec.containers.map((each: { name: string }) => each.name).sort()).toEqual([
        "c",
        "side",
      ]);
      const without = await apply(path, "two", { apiVersion: "apps/v1", kind: "Deployment", metadata: { name } });
      expect(without.json.spec.template.spec.containers.map((each: { name: string }) => each.name)).toEqual(["c"]);
    });

    test("a created deployment records its defaults, an applied one does not", async () => {
      await begin();
      const name = fresh("d");
      const made = await api().post(
        `${deployments()}?fieldManager=maker`,
        deployment(name, [{ name: "c", image: "c:1" }]),
      );
      expect(owners(made)[0]?.fieldsV1).toEqual({
        "f:spec": {
          "f:progressDeadlineSeconds": {},
          "f:replicas": {},
          "f:revisionHistoryLimit": {},
          "f:selector": {},
          "f:strategy": { "f:rollingUpdate": { ".": {}, "f:maxSurge": {}, "f:maxUnavailable": {} }, "f:type": {} },
          "f:template": {
            "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
            "f:spec": {
              "f:containers": {
                'k:{"name":"c"}': {
                  ".": {},
                  "f:image": {},
                  "f:imagePullPolicy": {},
                  "f:name": {},
                  "f:resources": {},
                  "f:terminationMessagePath": {},
                  "f:terminationMessagePolicy": {},
                },
              },
              "f:dnsPolicy": {},
              "f:restartPolicy": {},
              "f:schedulerName": {},
              "f:securityContext": {},
              "f:terminationGracePeriodSeconds": {},
            },
          },
        },
      });
    });

    test("a field given up without another owner keeps its default", async () => {
      await begin();
      const name = fresh("d");
      const path = `${deployments()}/${name}`;
      await apply(path, "one", deployment(name, [{ name: "c", image: "c:1" }], { replicas: 3 }));
      const after = await apply(path, "one", deployment(name, [{ name: "c", image: "c:1" }]));
      expect(after.json.spec.replicas).toBe(1);
      expect(after.json.metadata.generation).toBe(2);
    });

    test("status is applied through its subresource, with an owner of its own", async () => {
      await begin();
      const name = fresh("d");
      const path = `${deployments()}/${name}`;
      await apply(path, "one", { ...deployment(name, [{ name: "c", image: "c:1" }]), status: { replicas: 4 } });
      const status = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, status: { replicas: 5 } };
      const after = await apply(`${path}/status`, "two", status);
      expect(after.json.status.replicas).toBe(5);
      expect(owners(after)).toContainEqual({
        manager: "two",
        operation: "Apply",
        subresource: "status",
        fieldsV1: { "f:status": { "f:replicas": {} } },
      });
      expect((await apply(`${deployments()}/nope/status`, "two", status)).status).toBe(404);
    });

    test("services: allocated addresses belong to nobody", async () => {
      await begin();
      const name = fresh("s");
      const path = `/api/v1/namespaces/${namespace}/services/${name}`;
      const service = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name },
        spec: { selector: { a: "b" }, ports: [{ port: 80 }] },
      };
      const made = await apply(path, "one", service);
      expect(made.json.spec.clusterIP).toMatch(/^10\./);
      expect(made.json.spec.ports).toEqual([{ port: 80, protocol: "TCP", targetPort: 80 }]);
      expect(owners(made)[0]?.fieldsV1).toEqual({
        "f:spec": { "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} } }, "f:selector": {} },
      });
      const again = await apply(path, "one", service);
      expect(again.json.metadata.resourceVersion).toBe(made.json.metadata.resourceVersion);
    });

    test("dry run applies nothing", async () => {
      await begin();
      const name = fresh("a");
      const path = `${maps()}/${name}`;
      const made = await api().patch("apply", `${path}?fieldManager=one&dryRun=All`, map(name, { a: "1" }));
      expect(made.json.data).toEqual({ a: "1" });
      expect((await api().get(path)).status).toBe(404);
    });

    test.each([
      {
        what: "without a manager",
        query: "",
        body: map("a", {}),
        status: 422,
        message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      },
      {
        what: "without kind",
        query: "?fieldManager=m",
        body: { metadata: { name: "a" } },
        status: 400,
        message: "invalid object type: /, Kind=",
      },
      {
        what: "with managedFields",
        query: "?fieldManager=m",
        body: map("a", {}, { managedFields: [{}] }),
        status: 400,
        message: "metadata.managedFields must be nil",
      },
      {
        what: "of another name",
        query: "?fieldManager=m",
        body: map("b", {}),
        status: 400,
        message: "the name of the object (b) does not match the name on the URL (a)",
      },
      {
        what: "with an unknown field",
        query: "?fieldManager=m",
        body: { ...map("a", {}), zz: 1 },
        status: 500,
        message: "failed to create typed patch object (NS/a; v1, Kind=ConfigMap): .zz: field not declared in schema",
      },
    ])("an apply $what is refused", async ({ query, body, status, message }) => {
      await begin();
      const answer = await api().patch("apply", `${maps()}/a${query}`, body);
      expect(answer.status).toBe(status);
      // The server leaves the namespace out when the body does not name one.
      expect(
        answer.json.message.replace(`(${namespace}/a`, "(NS/a").replace("(/a", "(NS/a").replace("; /v1", "; v1"),
      ).toBe(message);
    });
  });
}
