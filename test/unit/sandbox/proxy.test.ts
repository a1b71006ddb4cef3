import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import { Api } from "../../conformance/endpoint.ts";

describe("the service proxy", () => {
  let sandbox: Sandbox;
  let api: Api;
  const services = "/api/v1/namespaces/kube-system/services";
  beforeAll(async () => {
    sandbox = await startSandbox();
    api = new Api(sandbox.endpoint);
    for (const name of ["near", "port", "empty", "dead", "broken"]) {
      await api.post(services, {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name },
        spec: { ports: [{ port: 80 }] },
      });
    }
  });
  afterAll(async () => {
    api.close();
    await sandbox.close();
  });

  test("passes path, query, method, body and headers on, but not who asks", async () => {
    sandbox.registerService({
      namespace: "kube-system",
      name: "near",
      target: async (request) => ({
        status: 207,
        headers: { "content-type": "text/x", "x-own": "1" },
        body: JSON.stringify({ ...request, body: request.body.toString("utf8") }),
      }),
    });
    const answer = await api.post(`${services}/http:near:/proxy/v1/rotate%2Fx?a=b&c=d`, "hello");
    expect(answer.status).toBe(207);
    expect(answer.headers).toMatchObject({ "content-type": "text/x", "x-own": "1" });
    expect(answer.json).toMatchObject({ method: "POST", path: "/v1/rotate%2Fx?a=b&c=d", body: "hello" });
    expect(answer.json.headers.authorization).toBeUndefined();
    expect(answer.json.headers["x-forwarded-for"]).toBe("127.0.0.1");
  });

  test("reaches a port of this machine", async () => {
    const server = createServer((request, response) => response.end(`got ${request.url}`));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const loopbackPort = typeof address === "object" && address !== null ? address.port : 0;
    sandbox.registerService({ namespace: "kube-system", name: "port", port: 80, target: { loopbackPort } });
    expect((await api.get(`${services}/port:80/proxy/v1/cert.pem`)).text).toBe("got /v1/cert.pem");
    await new Promise((resolve) => server.close(resolve));
  });

  test.each([
    { what: "a service that is not there", name: "nope", status: 404, message: 'services "nope" not found' },
    {
      what: "a service with nothing behind it",
      name: "empty",
      status: 503,
      message: 'no endpoints available for service "empty"',
    },
    {
      what: "a port where nobody listens",
      name: "dead",
      status: 503,
      message: "error trying to reach service: dial tcp 127.0.0.1:9: connect: connection refused",
    },
    { what: "a handler that fails", name: "broken", status: 503, message: "error trying to reach service: no luck" },
  ])("refuses $what", async ({ name, status, message }) => {
    sandbox.registerService({ namespace: "kube-system", name: "dead", target: { loopbackPort: 9 } });
    sandbox.registerService({
      namespace: "kube-system",
      name: "broken",
      target: () => Promise.reject(new Error("no luck")),
    });
    const answer = await api.get(`${services}/http:${name}:/proxy/x`);
    expect(answer.json).toMatchObject({ code: status, message });
  });

  test("needs the right to it", async () => {
    const other = new Api({ ...sandbox.endpoint, token: sandbox.tokenFor("jane") });
    expect((await other.get(`${services}/near/proxy/x`)).json.message).toBe(
      'services "near" is forbidden: User "jane" cannot get resource "services/proxy" in API group "" in the namespace "kube-system"',
    );
    other.close();
  });

  test("takes only ports of this machine", () => {
    const target = { loopbackPort: 70_000 };
    expect(() => sandbox.registerService({ namespace: "a", name: "b", target })).toThrow(
      expect.objectContaining({ code: "SANDBOX_SERVICE_TARGET" }),
    );
  });
});
