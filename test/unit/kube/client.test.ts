import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { createKubeClient, type KubeClient, KubeError, noRetries } from "../../../src/kube/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { type SeenRequest, startServer, type TestServer } from "../../helpers/http-server.ts";

const secrets = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };
const sealed = {
  group: "bitnami.com",
  version: "v1alpha1",
  plural: "sealedsecrets",
  kind: "SealedSecret",
  namespaced: true,
};

let server: TestServer | undefined;
let client: KubeClient | undefined;

afterEach(async () => {
  await client?.close();
  await server?.close();
});

type Handle = (request: SeenRequest, response: ServerResponse, count: number) => void;

async function clientOf(
  handle: Handle,
  more: { authorize?: (refresh: boolean) => Promise<Record<string, string>> } = {},
) {
  server = await startServer(handle);
  const authorize = more.authorize ?? (() => Promise.resolve({ authorization: "Bearer t" }));
  client = createKubeClient(
    { server: `${server.url}/prefix/`, authorize },
    { retries: { attempts: 3, baseMs: 1, capMs: 2, longestWaitMs: 2_000 } },
  );
  return { client, requests: server.requests };
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
};
const status = (code: number, reason: string, message: string) => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  code,
  reason,
  message,
});

describe("createKubeClient()", () => {
  test("gets an object under the server's path prefix, with credentials", async () => {
    const { client, requests } = await clientOf((_, response) =>
      json(response, 200, { kind: "Secret", metadata: { name: "db" } }),
    );
    const got = await client.get(secrets, { namespace: "apps", name: "db" });
    expect(got?.metadata.name).toBe("db");
    expect(requests[0]).toMatchObject({ method: "GET", url: "/prefix/api/v1/namespaces/apps/secrets/db" });
    expect(requests[0]?.headers).toMatchObject({ authorization: "Bearer t", "user-agent": "sealkit" });
  });

  test.each(["..", ".", ""])("refuses the name %o, which would address something else", async (name) => {
    const { client, requests } = await clientOf((_, response) => json(response, 200, {}));
    await expect(async () => client.get(secrets, { namespace: "apps", name })).rejects.toThrow(TypeError);
    expect(requests).toEqual([]);
  });

  test("a slash in a name stays in its path segment", async () => {
    const { client, requests } = await clientOf((_, response) => json(response, 404, status(404, "NotFound", "no")));
    expect(await client.get(secrets, { namespace: "apps", name: "a/../b" })).toBeUndefined();
    expect(requests[0]?.url).toBe("/prefix/api/v1/namespaces/apps/secrets/a%2F..%2Fb");
  });

  test.each([
    {
      name: "a Status object",
      code: 409,
      body: status(409, "Conflict", "try again"),
      want: { status: 409, reason: "Conflict", apiMessage: "try again" },
    },
    { name: "a plain text", code: 403, body: "nope", want: { status: 403, reason: "Forbidden", apiMessage: '"nope"' } },
    { name: "no text", code: 422, body: "", want: { status: 422, reason: "Invalid", apiMessage: '""' } },
  ])("an error answer with $name becomes a KubeError", async ({ code, body, want }) => {
    const { client } = await clientOf((_, response) => json(response, code, body));
    const error = await client
      .create(secrets, { apiVersion: "v1", kind: "Secret", metadata: { name: "a", namespace: "b" } })
      .catch((e) => e);
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject({ code: "KUBE_API", ...want });
    expect(error.message).toMatch(/^Cannot create Secret b\/a: /);
  });

  test("an answer that is no JSON is named as such", async () => {
    const { client } = await clientOf((_, response) => response.end("<html>"));
    await expect(client.get(secrets, { namespace: "a", name: "b" })).rejects.toMatchObject({ code: "KUBE_PROTOCOL" });
  });

  test.each([
    { name: "GET after 503", method: "get", code: 503, headers: {}, tries: 3 },
    { name: "POST after 503 without Retry-After", method: "create", code: 503, headers: {}, tries: 1 },
    { name: "POST after 503 with Retry-After", method: "create", code: 503, headers: { "retry-after": "0" }, tries: 3 },
    { name: "POST after 429", method: "create", code: 429, headers: {}, tries: 3 },
    { name: "PUT after 409", method: "update", code: 409, headers: {}, tries: 1 },
    { name: "server-side apply after 500", method: "apply", code: 500, headers: {}, tries: 3 },
    { name: "merge patch after 500", method: "merge", code: 500, headers: {}, tries: 1 },
    {
      name: "GET with a Retry-After beyond patience",
      method: "get",
      code: 429,
      headers: { "retry-after": "3600" },
      tries: 1,
    },
  ])("$name is tried $tries times", async ({ method, code, headers, tries }) => {
    const { client, requests } = await clientOf((_, response) => json(response, code, status(code, "", "x"), headers));
    const object: KubeObject = { apiVersion: "v1", kind: "Secret", metadata: { name: "a", namespace: "b" } };
    const key = { namespace: "b", name: "a" };
    const calls: Record<string, () => Promise<unknown>> = {
      get: () => client.get(secrets, key),
      create: () => client.create(secrets, object),
      update: () => client.update(secrets, object),
      apply: () => client.patch(secrets, key, object, { type: "apply", fieldManager: "m" }),
      merge: () => client.patch(secrets, key, {}, { type: "merge" }),
    };
    await expect(calls[method]?.()).rejects.toBeInstanceOf(KubeError);
    expect(requests.length).toBe(tries);
  });

  test("a 401 makes it ask for fresh credentials once", async () => {
    const { client, requests } = await clientOf(
      (request, response) =>
        request.headers.authorization === "Bearer new"
          ? json(response, 200, { metadata: {} })
          : json(response, 401, status(401, "Unauthorized", "no")),
      { authorize: (refresh) => Promise.resolve({ authorization: refresh ? "Bearer new" : "Bearer old" }) },
    );
    await client.get(secrets, { namespace: "a", name: "b" });
    expect(requests.length).toBe(2);
  });

  test("a server that is not there is KUBE_UNREACHABLE with the Go clients' words", async () => {
    const gone = await startServer((_, response) => response.end());
    await gone.close();
    client = createKubeClient({ server: gone.url, authorize: () => Promise.resolve({}) }, { retries: noRetries });
    const error = await client.get(secrets, { namespace: "a", name: "b" }).catch((e) => e);
    expect(error).toMatchObject({ code: "KUBE_UNREACHABLE", status: 0 });
    const { host } = new URL(gone.url);
    expect(error.apiMessage).toBe(
      `Get "${gone.url}/api/v1/namespaces/a/secrets/b": dial tcp ${host}: connect: connection refused`,
    );
  });

  test("a connection that breaks is KUBE_CUT", async () => {
    const { client, requests } = await clientOf((_, response) => response.destroy());
    await expect(client.get(secrets, { namespace: "a", name: "b" })).rejects.toMatchObject({ code: "KUBE_CUT" });
    expect(requests.length).toBe(3);
  });

  test.each(["ftp://x", "nonsense", ""])("the address %o is refused", (address) => {
    expect(() => createKubeClient({ server: address, authorize: () => Promise.resolve({}) })).toThrow(
      expect.objectContaining({ code: "KUBE_CONFIG_BROKEN" }),
    );
  });

  test("list follows pages and gives items their kind", async () => {
    const { client, requests } = await clientOf((request, response) => {
      const next = new URL(request.url, "http://x").searchParams.get("continue");
      json(response, 200, {
        metadata: { resourceVersion: "7", ...(next === null ? { continue: "p2" } : {}) },
        items: [{ metadata: { name: next ?? "p1" } }],
      });
    });
    const list = await client.list(sealed, { labelSelector: "a=b", pageSize: 1 });
    expect(list).toEqual({
      resourceVersion: "7",
      items: ["p1", "p2"].map((name) => ({
        apiVersion: "bitnami.com/v1alpha1",
        kind: "SealedSecret",
        metadata: { name },
      })),
    });
    expect(requests[1]?.url).toBe(
      "/prefix/apis/bitnami.com/v1alpha1/sealedsecrets?limit=1&labelSelector=a%3Db&continue=p2",
    );
  });

  test("list starts over without pages when the server forgot the page", async () => {
    const { client } = await clientOf((request, response, count) => {
      if (count === 2) json(response, 410, status(410, "Expired", "too old"));
      else
        json(response, 200, {
          metadata: { resourceVersion: "9", ...(request.url.includes("limit") ? { continue: "x" } : {}) },
          items: [{ metadata: { name: `n${count}` } }],
        });
    });
    expect((await client.list(secrets)).items.map((item) => item.metadata.name)).toEqual(["n3"]);
  });

  test("metadata-only lists drop what a server sends besides", async () => {
    const { client, requests } = await clientOf((_, response) =>
      json(response, 200, { metadata: {}, items: [{ metadata: { name: "a" }, data: { k: "v" } }] }),
    );
    expect((await client.list(secrets, { metadataOnly: true })).items).toEqual([
      { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } },
    ]);
    expect(requests[0]?.headers.accept).toContain("PartialObjectMetadataList");
  });

  test("delete of something absent is false", async () => {
    const { client } = await clientOf((_, response) => json(response, 404, status(404, "NotFound", "no")));
    expect(await client.delete(secrets, { namespace: "a", name: "b" }, { uid: "u" })).toBe(false);
  });

  test("impersonation travels as a header and leaves the client itself alone", async () => {
    const { client, requests } = await clientOf((_, response) => json(response, 200, { metadata: {} }));
    await client.impersonate("system:serviceaccount:a:b").get(secrets, { namespace: "a", name: "b" });
    await client.get(secrets, { namespace: "a", name: "b" });
    expect(requests.map((request) => request.headers["impersonate-user"])).toEqual([
      "system:serviceaccount:a:b",
      undefined,
    ]);
  });

  test("raw hands out error answers and waits out a 429 that says when to come back", async () => {
    const { client, requests } = await clientOf((_, response, count) => {
      if (count === 1) {
        response.writeHead(429, { "retry-after": "0" });
        response.end();
      } else json(response, 409, {});
    });
    expect((await client.raw({ method: "POST", path: "/x", body: "{}" })).status).toBe(409);
    expect(requests.length).toBe(2);
    expect(requests[1]).toMatchObject({ body: "{}" });
    expect(requests[1]?.headers["content-type"]).toBeUndefined();
  });

  test("resourceFor asks once per group and version", async () => {
    const { client, requests } = await clientOf((request, response) =>
      request.url.includes("apps")
        ? json(response, 200, {
            resources: [
              { name: "deployments", kind: "Deployment", namespaced: true },
              { name: "deployments/scale", kind: "Scale", namespaced: true },
            ],
          })
        : json(response, 404, status(404, "NotFound", "no")),
    );
    expect(await client.resourceFor("apps/v1", "Deployment")).toMatchObject({
      plural: "deployments",
      namespaced: true,
    });
    expect(await client.resourceFor("apps/v1", "Scale")).toBeUndefined();
    expect(await client.resourceFor("nope.io/v1", "Nope")).toBeUndefined();
    expect(requests.length).toBe(2);
  });
});

describe("watch", () => {
  const clientOfSilence = async (handle: Handle) => {
    await client?.close();
    await server?.close();
    server = await startServer(handle);
    client = createKubeClient({ server: server.url, authorize: async () => ({}) }, { idleTimeoutMs: 50 });
    return { server: client };
  };

  const watchAll = async (client: KubeClient) => {
    const seen: unknown[] = [];
    for await (const event of client.watch(secrets, { resourceVersion: "1", signal: new AbortController().signal })) {
      seen.push(event.type === "BOOKMARK" ? event : { type: event.type, name: event.object.metadata.name });
    }
    return seen;
  };

  test("a server that never begins to answer is not waited for as one that has nothing to tell", async () => {
    const { server } = await clientOfSilence((_, response) => void response);
    await expect(watchAll(server)).rejects.toMatchObject({ code: "KUBE_TIMEOUT" });
    const { server: quiet } = await clientOfSilence((_, response) => {
      response.writeHead(200);
      response.flushHeaders();
      setTimeout(
        () => response.end(`${JSON.stringify({ type: "ADDED", object: { metadata: { name: "late" } } })}\n`),
        150,
      );
    });
    expect(await watchAll(quiet)).toEqual([{ type: "ADDED", name: "late" }]);
  });

  test("frames events however the bytes arrive", async () => {
    const text = `${JSON.stringify({ type: "ADDED", object: { metadata: { name: "é" } } })}\n${JSON.stringify({ type: "BOOKMARK", object: { metadata: { resourceVersion: "5" } } })}\n`;
    const { client, requests } = await clientOf((_, response) => {
      response.writeHead(200);
      response.flushHeaders();
      const bytes = Buffer.from(text);
      const send = (at: number) => {
        if (at >= bytes.length) response.end();
        else response.write(bytes.subarray(at, at + 7), () => setImmediate(send, at + 7));
      };
      send(0);
    });
    expect(await watchAll(client)).toEqual([
      { type: "ADDED", name: "é" },
      { type: "BOOKMARK", resourceVersion: "5" },
    ]);
    expect(requests[0]?.url).toMatch(/watch=1&allowWatchBookmarks=true&resourceVersion=1&timeoutSeconds=\d+/);
  });

  test.each([
    {
      name: "an ERROR event",
      send: JSON.stringify({ type: "ERROR", object: status(410, "Expired", "old") }),
      want: { status: 410, reason: "Expired" },
    },
    { name: "a line that is no JSON", send: "{", want: { code: "KUBE_PROTOCOL" } },
    { name: "an event of no known type", send: '{"type":"X"}', want: { code: "KUBE_PROTOCOL" } },
    { name: "an event without an object", send: '{"type":"ADDED"}', want: { code: "KUBE_PROTOCOL" } },
  ])("$name ends it with an error", async ({ send, want }) => {
    const { client } = await clientOf((_, response) => response.end(`${send}\n`));
    await expect(watchAll(client)).rejects.toMatchObject(want);
  });

  test("an HTTP error ends it with that status", async () => {
    const { client } = await clientOf((_, response) => json(response, 410, status(410, "Expired", "old")));
    await expect(watchAll(client)).rejects.toMatchObject({ status: 410 });
  });

  test("a last line that was cut is dropped", async () => {
    const { client } = await clientOf((_, response) =>
      response.end('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n{"type":"ADD'),
    );
    expect(await watchAll(client)).toEqual([{ type: "ADDED", name: "a" }]);
  });
});

describe("TLS", () => {
  const at = (more: object) =>
    createKubeClient(
      { server: "https://127.0.0.1:1", authorize: () => Promise.resolve({}), ...more },
      { retries: noRetries },
    );
  test.each([
    { name: "a client certificate", more: { clientCertificate: "nonsense" } },
    { name: "a client key", more: { clientCertificate: "x", clientKey: "hunter2" } },
  ])("$name that cannot be read is named, and not shown", async ({ more }) => {
    client = at(more);
    const error = await client.get(secrets, { namespace: "a", name: "b" }).catch((failure) => failure);
    expect(error).toMatchObject({
      code: "KUBE_TLS",
      message: "Cannot reach https://127.0.0.1:1: the TLS settings are not usable",
    });
    expect(JSON.stringify([error.details, error.hints])).not.toContain("hunter2");
  });
});
