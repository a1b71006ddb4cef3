import { describe, expect, test } from "vitest";
import { type Api, fresh, newNamespace } from "./endpoint.ts";

const configMap = (name: string, data?: unknown, more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...more },
  ...(data === undefined ? {} : { data }),
});

/** Create, get, update, patch, delete of built-in kinds, and what the server says when it refuses. */
export function objectsConformance(api: () => Api): void {
  describe("objects", () => {
    let namespace = "";
    const maps = () => `/api/v1/namespaces/${namespace}/configmaps`;
    const secrets = () => `/api/v1/namespaces/${namespace}/secrets`;
    const begin = async () => {
      if (namespace === "") namespace = await newNamespace(api());
    };

    test("create sets uid, revision, time and namespace, and get gives the same object", async () => {
      await begin();
      const name = fresh("cm");
      const made = await api().post(maps(), configMap(name, { a: "b" }));
      expect(made.status).toBe(201);
      expect(made.json).toMatchObject({ kind: "ConfigMap", apiVersion: "v1", data: { a: "b" } });
      expect(made.json.metadata.namespace).toBe(namespace);
      expect(made.json.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(made.json.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(made.json.metadata.generation).toBeUndefined();
      expect((await api().get(`${maps()}/${name}`)).json).toEqual(made.json);
    });

    test("generateName makes a name", async () => {
      await begin();
      const made = await api().post(maps(), configMap("", undefined, { name: undefined, generateName: "gen-" }));
      expect(made.json.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
    });

    const refusals: {
      name: string;
      path: () => string;
      body: unknown;
      status: number;
      reason?: string;
      message: string | (() => string);
    }[] = [
      {
        name: "an object without a name",
        path: maps,
        body: configMap(""),
        status: 422,
        reason: "Invalid",
        message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      },
      {
        name: "a name that is no DNS subdomain",
        path: maps,
        body: configMap("A_b"),
        status: 422,
        reason: "Invalid",
        message: `ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      },
      {
        name: "a bad key",
        path: maps,
        body: configMap("x", { "a/b": "" }),
        status: 422,
        reason: "Invalid",
        message: `ConfigMap "x" is invalid: data[a/b]: Invalid value: "a/b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      },
      {
        name: "a label value that is none",
        path: maps,
        body: configMap("x", undefined, { labels: { a: "b c" } }),
        status: 422,
        reason: "Invalid",
        message: `ConfigMap "x" is invalid: metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
      },
      {
        name: "another namespace in the body",
        path: maps,
        body: configMap("x", undefined, { namespace: "elsewhere" }),
        status: 400,
        reason: "BadRequest",
        message: "the namespace of the provided object does not match the namespace sent on the request",
      },
      {
        name: "a namespace that is not there",
        path: () => "/api/v1/namespaces/nowhere/configmaps",
        body: configMap("x"),
        status: 404,
        reason: "NotFound",
        message: 'namespaces "nowhere" not found',
      },
      {
        name: "a resourceVersion on create",
        path: maps,
        body: configMap("x", undefined, { resourceVersion: "1" }),
        status: 500,
        message: "resourceVersion should not be set on objects to be created",
      },
      {
        name: "another kind",
        path: maps,
        body: { apiVersion: "v1", kind: "Secret", metadata: { name: "x" } },
        status: 400,
        reason: "BadRequest",
        message:
          'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
      },
      {
        name: "a number where text belongs",
        path: maps,
        body: configMap("x", { a: 1 }),
        status: 400,
        reason: "BadRequest",
        message:
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
      },
      {
        name: "bytes that are not base64",
        path: secrets,
        body: { apiVersion: "v1", kind: "Secret", metadata: { name: "x" }, data: { a: "!!" } },
        status: 400,
        reason: "BadRequest",
        message: 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
      },
      {
        name: "a TLS secret without its key",
        path: secrets,
        body: {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "x" },
          type: "kubernetes.io/tls",
          data: { "tls.crt": "" },
        },
        status: 422,
        reason: "Invalid",
        message: 'Secret "x" is invalid: data[tls.key]: Required value',
      },
      {
        name: "a deployment without anything",
        path: () => `/apis/apps/v1/namespaces/${namespace}/deployments`,
        body: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "b" } },
        status: 422,
        reason: "Invalid",
        message:
          'Deployment.apps "b" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`, spec.template.spec.containers: Required value]',
      },
      {
        name: "text for a number, deep inside",
        path: () => `/apis/apps/v1/namespaces/${namespace}/deployments`,
        body: {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "b" },
          spec: { template: { spec: { containers: [{ name: 3 }] } } },
        },
        status: 400,
        reason: "BadRequest",
        message:
          'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.name of type string',
      },
      {
        name: "a role binding to nothing",
        path: () => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
        body: {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: { name: "b" },
          roleRef: { kind: "Group", name: "x" },
        },
        status: 422,
        reason: "Invalid",
        message:
          'RoleBinding.rbac.authorization.k8s.io "b" is invalid: roleRef.kind: Unsupported value: "Group": supported values: "Role", "ClusterRole"',
      },
      {
        name: "a service without ports",
        path: () => `/api/v1/namespaces/${namespace}/services`,
        body: { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: {} },
        status: 422,
        reason: "Invalid",
        message: 'Service "s" is invalid: spec.ports: Required value',
      },
    ];
    test.each(refusals)("create refuses $name", async ({ path, body, status, reason, message }) => {
      await begin();
      const answer = await api().post(path(), body);
      expect({ status: answer.status, reason: answer.json.reason, message: answer.json.message }).toEqual({
        status,
        reason,
        message,
      });
      expect(answer.json).toMatchObject({ kind: "Status", apiVersion: "v1", status: "Failure", code: status });
    });

    test("create twice is refused", async () => {
      await begin();
      const name = fresh("cm");
      await api().post(maps(), configMap(name));
      const again = await api().post(maps(), configMap(name));
      expect(again.json).toMatchObject({
        code: 409,
        reason: "AlreadyExists",
        message: `configmaps "${name}" already exists`,
        details: { name, kind: "configmaps" },
      });
    });

    test("what is not there is not found", async () => {
      await begin();
      const answer = await api().get(`/apis/apps/v1/namespaces/${namespace}/deployments/nope`);
      expect(answer.json).toMatchObject({
        code: 404,
        reason: "NotFound",
        message: 'deployments.apps "nope" not found',
        details: { name: "nope", group: "apps", kind: "deployments" },
      });
      expect((await api().get("/api/v1/nonsense")).json.message).toBe(
        "the server could not find the requested resource",
      );
      expect((await api().delete(`${maps()}/nope`)).json.message).toBe('configmaps "nope" not found');
      expect((await api().put(`${maps()}/nope`, configMap("nope"))).json.message).toBe('configmaps "nope" not found');
    });

    test("an update with an old revision is a conflict", async () => {
      await begin();
      const name = fresh("cm");
      const first = await api().post(maps(), configMap(name, { a: "1" }));
      const second = await api().put(`${maps()}/${name}`, { ...first.json, data: { a: "2" } });
      expect(second.status).toBe(200);
      expect(Number(second.json.metadata.resourceVersion)).toBeGreaterThan(Number(first.json.metadata.resourceVersion));
      const third = await api().put(`${maps()}/${name}`, { ...first.json, data: { a: "3" } });
      expect(third.json).toMatchObject({
        code: 409,
        reason: "Conflict",
        message: `Operation cannot be fulfilled on configmaps "${name}": the object has been modified; please apply your changes to the latest version and try again`,
      });
      const blind = await api().put(`${maps()}/${name}`, configMap(name, { a: "4" }));
      expect(blind.json.data).toEqual({ a: "4" });
    });

    test("an update that changes nothing keeps the revision", async () => {
      await begin();
      const name = fresh("cm");
      const first = await api().post(maps(), configMap(name, { a: "1" }));
      const second = await api().put(`${maps()}/${name}`, first.json);
      expect(second.json).toEqual(first.json);
    });

    test("name in body and path must be the same", async () => {
      await begin();
      const name = fresh("cm");
      await api().post(maps(), configMap(name));
      const answer = await api().put(`${maps()}/${name}`, configMap("other"));
      expect(answer.json.message).toBe(`the name of the object (other) does not match the name on the URL (${name})`);
    });

    test("a lease is created by PUT, a config map is not", async () => {
      await begin();
      const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/l`;
      const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "l" }, spec: {} };
      expect((await api().put(path, lease)).status).toBe(201);
    });

    test("stringData becomes data; type and immutable contents stay", async () => {
      await begin();
      const name = fresh("s");
      const secret = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name },
        stringData: { a: "ü", b: "2" },
        data: { b: "MQ==" },
      };
      const made = await api().post(secrets(), secret);
      expect(made.json).toMatchObject({ type: "Opaque", data: { a: "w7w=", b: "Mg==" } });
      expect(made.json.stringData).toBeUndefined();
      const typed = await api().patch("merge", `${secrets()}/${name}`, { type: "other" });
      expect(typed.json.message).toBe(`Secret "${name}" is invalid: type: Invalid value: "other": field is immutable`);
      await api().patch("merge", `${secrets()}/${name}`, { immutable: true });
      const frozen = await api().patch("merge", `${secrets()}/${name}`, { data: { c: "MQ==" } });
      expect(frozen.json.message).toBe(
        `Secret "${name}" is invalid: data: Forbidden: field is immutable when \`immutable\` is set`,
      );
      const thawed = await api().patch("merge", `${secrets()}/${name}`, { immutable: null });
      expect(thawed.json.message).toBe(
        `Secret "${name}" is invalid: immutable: Forbidden: field is immutable when \`immutable\` is set`,
      );
    });

    test("JSON patch: all or nothing", async () => {
      await begin();
      const name = fresh("cm");
      await api().post(maps(), configMap(name, { a: "1" }));
      const good = await api().patch("json", `${maps()}/${name}`, [
        { op: "test", path: "/data/a", value: "1" },
        { op: "add", path: "/data/b", value: "2" },
        { op: "copy", from: "/data/b", path: "/data/c" },
        { op: "remove", path: "/data/a" },
      ]);
      expect(good.json.data).toEqual({ b: "2", c: "2" });
      const bad = await api().patch("json", `${maps()}/${name}`, [
        { op: "add", path: "/data/d", value: "2" },
        { op: "remove", path: "/data/zzz" },
      ]);
      expect(bad.json).toMatchObject({
        code: 422,
        message: "the server rejected our request due to an error in our request",
      });
      expect((await api().get(`${maps()}/${name}`)).json.data).toEqual({ b: "2", c: "2" });
    });

    test("merge patch: null removes", async () => {
      await begin();
      const name = fresh("cm");
      await api().post(maps(), configMap(name, { a: "1", b: "2" }));
      const patched = await api().patch("merge", `${maps()}/${name}`, { data: { a: null, c: "3" } });
      expect(patched.json.data).toEqual({ b: "2", c: "3" });
      const stale = await api().patch("merge", `${maps()}/${name}`, { metadata: { resourceVersion: "1" } });
      expect(stale.json.reason).toBe("Conflict");
      const wrong = await api().patch("merge", `${maps()}/${name}`, []);
      expect(wrong.status).toBe(400);
      expect((await api().call("PATCH", `${maps()}/${name}`, {}, { contentType: "application/json" })).status).toBe(
        415,
      );
    });

    test("strategic merge patch: list items merge by key, directives are obeyed", async () => {
      await begin();
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
      const name = fresh("d");
      const containers = [
        { name: "a", image: "a:1", env: [{ name: "X", value: "1" }] },
        { name: "b", image: "b:1" },
      ];
      await api().post(path, deployment(name, containers));
      const merged = await api().patch("strategic", `${path}/${name}`, {
        spec: {
          template: {
            spec: {
              containers: [
                { name: "a", image: "a:2", env: [{ name: "Y", value: "2" }] },
                { name: "b", $patch: "delete" },
                { name: "c", image: "c:1" },
              ],
            },
          },
        },
      });
      const got = merged.json.spec.template.spec.containers;
      expect(got.map((each: { name: string; image: string }) => `${each.name}=${each.image}`).sort()).toEqual([
        "a=a:2",
        "c=c:1",
      ]);
      const env = got.find((each: { name: string }) => each.name === "a").env;
      expect(env.map((each: { name: string }) => each.name).sort()).toEqual(["X", "Y"]);
      const replaced = await api().patch("strategic", `${path}/${name}`, {
        spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } },
      });
      expect(replaced.json.spec.strategy).toEqual({ type: "Recreate" });
    });

    test("generation counts changes of the spec, not of labels or status", async () => {
      await begin();
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
      const name = fresh("d");
      const made = await api().post(path, deployment(name, [{ name: "a", image: "a:1" }]));
      expect(made.json.metadata.generation).toBe(1);
      expect(made.json.spec).toMatchObject({
        replicas: 1,
        revisionHistoryLimit: 10,
        strategy: { type: "RollingUpdate" },
      });
      expect(made.json.spec.template.spec.containers[0]).toMatchObject({ imagePullPolicy: "IfNotPresent" });
      const labelled = await api().patch("merge", `${path}/${name}`, { metadata: { labels: { a: "b" } } });
      expect(labelled.json.metadata.generation).toBe(1);
      const scaled = await api().patch("merge", `${path}/${name}`, { spec: { replicas: 3 } });
      expect(scaled.json.metadata.generation).toBe(2);
      const status = await api().patch("merge", `${path}/${name}/status`, {
        status: { replicas: 7 },
        spec: { replicas: 9 },
      });
      expect(status.json).toMatchObject({
        metadata: { generation: 2 },
        spec: { replicas: 3 },
        status: { replicas: 7 },
      });
      const main = await api().patch("merge", `${path}/${name}`, { status: { replicas: 8 } });
      expect(main.json.status.replicas).toBe(7);
      const moved = await api().patch("merge", `${path}/${name}`, {
        spec: { selector: { matchLabels: { app: "other" } }, template: { metadata: { labels: { app: "other" } } } },
      });
      expect(moved.json.message).toMatch(/spec.selector: Invalid value: .*: field is immutable$/);
      const scale = await api().get(`${path}/${name}/scale`);
      expect(scale.json).toMatchObject({ kind: "Scale", apiVersion: "autoscaling/v1", spec: { replicas: 3 } });
    });

    test("dry run shows the result and stores nothing", async () => {
      await begin();
      const name = fresh("cm");
      const made = await api().post(`${maps()}?dryRun=All`, configMap(name, { a: "1" }));
      expect(made.status).toBe(201);
      expect(made.json.metadata.uid).toBeDefined();
      expect(made.json.metadata.resourceVersion).toBeUndefined();
      expect((await api().get(`${maps()}/${name}`)).status).toBe(404);
      await api().post(maps(), configMap(name, { a: "1" }));
      const updated = await api().call(
        "PATCH",
        `${maps()}/${name}?dryRun=All`,
        { data: { a: "2" } },
        { contentType: "application/merge-patch+json" },
      );
      expect(updated.json.data).toEqual({ a: "2" });
      expect((await api().delete(`${maps()}/${name}?dryRun=All`)).status).toBe(200);
      expect((await api().get(`${maps()}/${name}`)).json.data).toEqual({ a: "1" });
      const wrong = await api().post(`${maps()}?dryRun=Some`, configMap("x"));
      expect(wrong.status).toBe(422);
    });

    test("unknown and duplicate fields: strict refuses, warn warns, ignore is silent", async () => {
      await begin();
      const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME"},"dataz":{},"data":{"a":"1","a":"2"}}`;
      const strict = await api().post(`${maps()}?fieldValidation=Strict`, body);
      expect(strict.json.message).toBe(
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dataz", duplicate field "data.a"',
      );
      const warned = await api().post(maps(), body.replace("NAME", fresh("cm")));
      expect(warned.status).toBe(201);
      expect(warned.json.dataz).toBeUndefined();
      expect(String(warned.headers["warning"])).toContain('299 - "unknown field \\"dataz\\""');
      const ignored = await api().post(`${maps()}?fieldValidation=Ignore`, body.replace("NAME", fresh("cm")));
      expect(ignored.headers["warning"]).toBeUndefined();
    });

    test("preconditions of a deletion are checked", async () => {
      await begin();
      const name = fresh("cm");
      await api().post(maps(), configMap(name));
      const wrong = await api().delete(`${maps()}/${name}`, { preconditions: { uid: "x" } });
      expect(wrong.json.code).toBe(409);
      expect(wrong.json.message).toContain("the UID in the precondition (x) does not match the UID in record");
      const gone = await api().delete(`${maps()}/${name}`);
      expect(gone.json).toMatchObject({ kind: "Status", status: "Success", details: { name, kind: "configmaps" } });
    });

    test("finalizers hold an object until the last is removed", async () => {
      await begin();
      const name = fresh("cm");
      await api().post(maps(), configMap(name, { a: "1" }, { finalizers: ["example.com/hold"] }));
      const held = await api().delete(`${maps()}/${name}`);
      expect(held.status).toBe(200);
      expect(held.json.metadata.deletionTimestamp).toBeDefined();
      const added = await api().patch("merge", `${maps()}/${name}`, {
        metadata: { finalizers: ["example.com/hold", "example.com/more"] },
      });
      expect(added.json.message).toContain("no new finalizers can be added if the object is being deleted");
      expect((await api().get(`${maps()}/${name}`)).status).toBe(200);
      const released = await api().patch("merge", `${maps()}/${name}`, { metadata: { finalizers: null } });
      expect(released.status).toBe(200);
      expect((await api().get(`${maps()}/${name}`)).status).toBe(404);
    });

    test("a collection is deleted by selector", async () => {
      await begin();
      const [left, right] = [fresh("cm"), fresh("cm")];
      await api().post(maps(), configMap(left, undefined, { labels: { side: "left" } }));
      await api().post(maps(), configMap(right, undefined, { labels: { side: "right" } }));
      expect((await api().delete(`${maps()}?labelSelector=side%3Dleft`)).status).toBe(200);
      expect((await api().get(`${maps()}/${left}`)).status).toBe(404);
      expect((await api().get(`${maps()}/${right}`)).status).toBe(200);
    });

    test("some namespaces are for ever", async () => {
      const answer = await api().delete("/api/v1/namespaces/default");
      expect(answer.json).toMatchObject({
        code: 403,
        reason: "Forbidden",
        message: 'namespaces "default" is forbidden: this namespace may not be deleted',
      });
    });

    test("both event APIs show the same event", async () => {
      await begin();
      const name = fresh("e");
      const event = {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name },
        involvedObject: { kind: "ConfigMap", name: "x", namespace },
        reason: "Because",
        message: "it is so",
        type: "Normal",
      };
      expect((await api().post(`/api/v1/namespaces/${namespace}/events`, event)).status).toBe(201);
      const other = await api().get(`/apis/events.k8s.io/v1/namespaces/${namespace}/events/${name}`);
      expect(other.json).toMatchObject({
        apiVersion: "events.k8s.io/v1",
        note: "it is so",
        regarding: { name: "x" },
        reason: "Because",
      });
      const selected = await api().get(
        `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.name%3Dx,reason%3DBecause`,
      );
      expect(selected.json.items).toHaveLength(1);
    });

    test("bodies and answers in YAML", async () => {
      await begin();
      const name = fresh("cm");
      const contentType = "application/yaml";
      const body = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  a: "yes"\n  b: |\n    two\n    lines\n`;
      const made = await api().call("POST", maps(), body, { contentType });
      expect(made.json.data).toEqual({ a: "yes", b: "two\nlines\n" });
      const shown = await api().get(`${maps()}/${name}`, { accept: contentType });
      expect(shown.headers["content-type"]).toBe("application/yaml");
      expect(shown.text).toMatch(
        /^apiVersion: v1\ndata:\n {2}a: "yes"\n {2}b: \|\n {4}two\n {4}lines\nkind: ConfigMap\n/,
      );
      const applied = await api().patch("apply", `${maps()}/${name}?fieldManager=y`, body.replace("two", "2"));
      expect(applied.json.code).toBe(409);
      expect((await api().call("POST", maps(), "a: b: c", { contentType })).status).toBe(400);
    });

    test("content types: JSON for those who prefer protobuf and take JSON, 406 and 415 for the rest", async () => {
      await begin();
      const accepted = await api().get(maps(), { accept: "application/json;q=0.5, text/html" });
      expect(accepted.headers["content-type"]).toBe("application/json");
      expect((await api().get(maps(), { accept: "text/html" })).status).toBe(406);
      expect((await api().post(maps(), "a", { contentType: "text/plain" })).status).toBe(415);
      expect((await api().put(maps(), {})).status).toBe(405);
      expect((await api().post(maps(), "{")).status).toBe(400);
      expect((await api().post(maps(), " ".repeat(3_200_000))).status).toBe(413);
    });
  });
}

function deployment(name: string, containers: readonly object[]): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
    },
  };
}
