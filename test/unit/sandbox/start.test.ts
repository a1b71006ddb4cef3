import { X509Certificate } from "node:crypto";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { startSandbox } from "../../../sandbox/index.ts";
import { Api } from "../../conformance/endpoint.ts";

describe("startSandbox()", () => {
  test("serves with a certificate of its own authority, for loopback names only", async () => {
    const sandbox = await startSandbox();
    const authority = new X509Certificate(sandbox.caPem);
    expect(authority.ca).toBe(true);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(sandbox.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const api = new Api(sandbox.endpoint);
    expect((await api.get("/version")).json.gitVersion).toMatch(/^v1\.\d+/);
    api.close();
    await sandbox.close();
    await expect(new Api(sandbox.endpoint).get("/version")).rejects.toThrow();
  });

  test("every sandbox has its own token and authority", async () => {
    const [one, two] = [await startSandbox(), await startSandbox()];
    expect(one.adminToken).not.toBe(two.adminToken);
    const stranger = new Api({ ...two.endpoint, token: one.adminToken });
    expect((await stranger.get("/api/v1/namespaces")).status).toBe(401);
    await expect(new Api({ ...two.endpoint, caPem: one.caPem }).get("/version")).rejects.toThrow();
    stranger.close();
    await Promise.all([one.close(), two.close()]);
  });

  test("a port in use is told in one clear error", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(startSandbox({ port })).rejects.toMatchObject({
      code: "SANDBOX_PORT_IN_USE",
      message: `Cannot start the sandbox on 127.0.0.1:${port}: the port is in use`,
    });
    await new Promise((resolve) => other.close(resolve));
  });

  test("a token for another user is held to RBAC; nobody gets less than discovery", async () => {
    const sandbox = await startSandbox();
    const api = new Api({ ...sandbox.endpoint, token: sandbox.tokenFor("jane", ["devs"]) });
    expect((await api.get("/apis")).status).toBe(200);
    expect((await api.get("/api/v1/secrets")).json.message).toBe(
      'secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" at the cluster scope',
    );
    api.close();
    await sandbox.close();
  });

  test("stats count what is there", async () => {
    const sandbox = await startSandbox();
    const before = sandbox.stats();
    const api = new Api(sandbox.endpoint);
    await api.post("/api/v1/namespaces/default/configmaps", { metadata: { name: "a" } });
    expect(sandbox.stats()).toMatchObject({ objects: before.objects + 1, revision: before.revision + 1 });
    api.close();
    await sandbox.close();
  });
});
