import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange } from "../../../src/kms/http/exchange.ts";
import { systemPorts } from "../../../src/kms/index.ts";
import { type ConnectProxy, startConnectProxy } from "../../helpers/connect-proxy.ts";
import { startServer, type TestServer } from "../../helpers/http-server.ts";

describe("systemPorts() reads files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sealkit-ports-"));
    writeFileSync(join(folder, "token"), "t");
    writeFileSync(join(folder, "longest"), Buffer.alloc(1024 * 1024));
    writeFileSync(join(folder, "longer"), Buffer.alloc(1024 * 1024 + 1));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    { name: "token", bytes: 1 },
    { name: "longest", bytes: 1024 * 1024 },
    { name: "longer", bytes: undefined },
    { name: "missing", bytes: undefined },
    { name: ".", bytes: undefined },
    { name: "token/x", bytes: undefined },
    { name: "a\0b", bytes: undefined },
  ])("$name", async ({ name, bytes }) => {
    expect((await systemPorts({ env: {} }).readFile(join(folder, name)))?.length).toBe(bytes);
  });
});

test("systemPorts() takes empty variables for unset ones, and the home of the environment", () => {
  const ports = systemPorts({ env: { A: "", B: "b", HOME: "/home/x" } });
  expect([ports.env("A"), ports.env("B"), ports.env("C"), ports.home]).toEqual([undefined, "b", undefined, "/home/x"]);
});

describe("systemPorts() and proxies", () => {
  let server: TestServer;
  let proxy: ConnectProxy;
  beforeAll(async () => {
    server = await startServer((_, response) => response.end("ok"));
    proxy = await startConnectProxy(Number(new URL(server.url).port));
  });
  afterAll(async () => {
    await Promise.all([server.close(), proxy.close()]);
  });

  test.each([
    {
      name: "another host is asked through the proxy",
      url: "http://kms.example/",
      env: {},
      tunnels: ["kms.example:80"],
    },
    {
      name: "names in small letters count",
      url: "http://kms.example/",
      env: { HTTP_PROXY: "", http_proxy: "=" },
      tunnels: ["kms.example:80"],
    },
    { name: "this machine is not", url: "=", env: {}, tunnels: [] },
    { name: "what NO_PROXY names is not", url: "=", env: { NO_PROXY: "*" }, tunnels: [] },
  ])("$name", async ({ url, env, tunnels }) => {
    const given = { HTTP_PROXY: proxy.url, ...env };
    const filled = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, value === "=" ? proxy.url : value]),
    );
    const from = proxy.tunnels.length;
    const target = new URL(url === "=" ? server.url : url);
    const outcome = await exchange(systemPorts({ env: filled }), () => ({ method: "GET", url: target, headers: {} }));
    expect(outcome.kind === "answer" ? outcome.status : outcome.state).toBe(200);
    expect(proxy.tunnels.slice(from)).toEqual(tunnels);
  });
});
