import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange } from "../../../src/kms/http/exchange.ts";
import { systemPorts } from "../../../src/kms/index.ts";
import { type ConnectProxy, startConnectProxy } from "../../helpers/fakes/connect-proxy.ts";
import { type SocksProxy, startSocksProxy } from "../../helpers/fakes/socks-proxy.ts";
import { type Listening, listen } from "../../helpers/fakes/wire.ts";
import { startServer, type TestServer } from "../../helpers/http-server.ts";
import { makeTlsAuthority } from "../../helpers/tls-authority.ts";

describe("systemPorts() reads files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sealkit-ports-"));
    writeFileSync(join(folder, "token"), "t");
    writeFileSync(join(folder, "longest"), Buffer.alloc(1024 * 1024));
    writeFileSync(join(folder, "longer"), Buffer.alloc(1024 * 1024 + 1));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("lists folders and what is below, without links to folders", async () => {
    mkdirSync(join(folder, "cas/below"), { recursive: true });
    for (const name of ["cas/b.pem", "cas/below/a.pem"]) writeFileSync(join(folder, name), "x");
    symlinkSync("b.pem", join(folder, "cas/link.pem"));
    symlinkSync(".", join(folder, "cas/round"));
    symlinkSync("nothing", join(folder, "cas/dangling"));
    const { listFiles } = systemPorts({ env: {} });
    const shown = async (name: string) => {
      const paths = await listFiles?.(join(folder, name));
      return Array.isArray(paths) ? paths.map((path) => path.slice(folder.length + 1)) : paths;
    };
    expect(await shown("cas")).toEqual(["cas/b.pem", "cas/below/a.pem", "cas/link.pem"]);
    expect(await shown("cas/b.pem")).toEqual(["cas/b.pem"]);
    expect(await shown("none")).toBe("missing");
  });

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

describe("systemPorts() and SOCKS proxies", () => {
  const authority = makeTlsAuthority(["kms.example"]);
  let server: Listening;
  let [proxy, open]: SocksProxy[] = [];
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  beforeAll(async () => {
    process.on("warning", onWarning);
    server = await listen(() => ({ status: 200, body: "ok" }), authority);
    proxy = await startSocksProxy(server.port, "user:p@ss");
    open = await startSocksProxy(server.port);
  });
  afterAll(async () => {
    process.off("warning", onWarning);
    await Promise.all([server.close(), proxy?.close(), open?.close()]);
  });

  const ask = async (env: Record<string, string>, named?: string) => {
    const ports = systemPorts({ env });
    const own = named === undefined ? {} : { fetch: ports.fetchWith({ proxy: named, ca: authority.ca }) };
    const request = { method: "GET" as const, url: new URL("https://kms.example:8200/"), headers: {} };
    const outcome = await exchange(ports, () => request, { ...own, limits: { attempts: 1 } });
    return outcome.kind === "answer" ? outcome.status : outcome.state;
  };

  test.each(["socks5", "socks5h"])("%s://: for all, or one's own; the proxy looks the name up", async (scheme) => {
    const folder = mkdtempSync(join(tmpdir(), "sealkit-ports-"));
    const roots = join(folder, "roots.pem");
    writeFileSync(roots, authority.ca);
    const url = `${scheme}://user:p%40ss@127.0.0.1:${proxy?.port}`;
    const asked = () => [...(open?.asked ?? []), ...(proxy?.asked ?? [])];
    const from = asked().length;
    try {
      const ofAll = { HTTPS_PROXY: `${scheme}://127.0.0.1:${open?.port}`, SSL_CERT_FILE: roots };
      expect(await ask(ofAll)).toBe(200);
      expect(await ask({ HTTPS_PROXY: "http://127.0.0.1:1" }, url)).toBe(200);
      expect(await ask({}, url.replace("p%40ss", "wrong"))).toContain("the SOCKS proxy refuses the login");
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(asked().slice(from)).toEqual(["kms.example:8200", "kms.example:8200"]);
    expect(warnings).toEqual([]);
  });
});

describe("systemPorts() and connections of one's own", () => {
  let folder: string;
  let socket: Server;
  let proxy: Server;
  const proxied: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sealkit-ports-"));
    socket = createServer((request, response) => response.end(`socket ${request.headers.host}`));
    await new Promise<void>((resolve) => socket.listen(join(folder, "s"), resolve));
    proxy = createServer((request, response) => {
      proxied.push(`${request.url} ${request.headers["proxy-authorization"]}`);
      response.end("proxy");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    await Promise.all([socket, proxy].map((server) => new Promise((done) => server.close(done))));
    rmSync(folder, { recursive: true });
  });

  async function bodyOf(settings: Parameters<ReturnType<typeof systemPorts>["fetchWith"]>[0]): Promise<string> {
    const ports = systemPorts({ env: { HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "*" } });
    const request = { method: "GET", url: new URL("http://vault.example/v1/x"), headers: { connection: "close" } };
    const outcome = await exchange(ports, () => request as never, { fetch: ports.fetchWith(settings) });
    return outcome.kind === "answer" ? Buffer.from(outcome.body).toString() : outcome.state;
  }

  test("a socket is asked whatever the address says", async () => {
    expect(await bodyOf({ socketPath: join(folder, "s") })).toBe("socket vault.example");
  });

  test("a proxy that is named goes before those of the environment", async () => {
    const address = proxy.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    expect(await bodyOf({ proxy: `http://u:p@127.0.0.1:${address.port}` })).toBe("proxy");
    expect(proxied).toEqual(["http://vault.example/v1/x Basic dTpw"]);
  });
});
