import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { addressSet, networkProblem, plainAddress } from "../../../controller/http/addresses.ts";
import { type Answer, type Listener, type ListenOptions, listen } from "../../../controller/http/listener.ts";
import { requestLimit, SHARES_OF_ONE_ADDRESS } from "../../../controller/http/request-limit.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";

const open: Listener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of open.splice(0)) await listener.close(0);
});

async function serve(
  limits: ListenOptions["limits"] = {},
  answer: ListenOptions["answer"] = async () => ({ status: 200 }),
) {
  const listener = await listen({
    address: "127.0.0.1:0",
    // Whatever ends sooner is ended by the limits.
    readTimeoutMs: 3_600_000,
    writeTimeoutMs: 5_000,
    limits: { checkMs: 20, ...limits },
    answer,
    onError: () => undefined,
  });
  open.push(listener);
  return listener;
}

/** Sends text as it is and returns all that comes back until the other end closes. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  socket.on("error", () => undefined);
  socket.write(text);
  await closed(socket);
  return heard;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

describe("limits of connections", () => {
  test("a head that never ends is given up with 408", async () => {
    const { port } = await serve({ headMs: 50 });
    expect(await raw(port, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("a head that is too large is refused with 431", async () => {
    const { port } = await serve({ headBytes: 1024 });
    const head = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: ${"a".repeat(4096)}\r\n\r\n`;
    expect(await raw(port, head)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test.each([
    { name: "no HTTP at all", text: "\u0016\u0003\u0001 hello\r\n\r\n" },
    { name: "a head that is no head", text: "GET /healthz HTTP/1.1\r\nno colon here\r\n\r\n" },
    {
      name: "a length beside chunks, as for smuggling",
      text: "POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    },
    {
      name: "two lengths",
      text: "POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
    },
    { name: "no Host", text: "GET /healthz HTTP/1.1\r\n\r\n" },
  ])("$name is refused with 400", async ({ text }) => {
    const { port } = await serve();
    expect(await raw(port, text)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("one address gets no more connections than its share, and gets them back", async () => {
    const { port } = await serve({ connectionsOfOne: 2 });
    const first = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
    sockets.push(...first);
    await Promise.all(first.map((socket) => once(socket, "connect")));
    expect(await raw(port, "GET /healthz HTTP/1.0\r\n\r\n")).toBe("");
    const [one] = first;
    one?.on("error", () => undefined).end();
    if (one !== undefined) await closed(one.resume());
    // The server hears of it in its own time.
    await vi.waitFor(async () => {
      expect(await raw(port, "GET /healthz HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
    });
  });

  const bodies: ListenOptions["answer"] = async (question): Promise<Answer> => {
    const body = await question.body({ maxBytes: 100, withinMs: 50, together: { heldBytes: 0, maxBytes: 1000 } });
    return { status: body === "too large" ? 413 : body === "too slow" ? 408 : 200 };
  };

  test("a body that does not come is given up with 408", async () => {
    const { port } = await serve({}, bodies);
    const answer = await raw(port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc");
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*\r\nConnection: close\r\n/);
  });

  test.each([
    { name: "announced", head: "Content-Length: 101\r\n", body: "" },
    { name: "sent in pieces", head: "Transfer-Encoding: chunked\r\n", body: `65\r\n${"a".repeat(101)}\r\n` },
  ])("a body that is too large, $name, is refused with 413 and not read on", async ({ head, body }) => {
    const { port } = await serve({}, bodies);
    const answer = await raw(port, `POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/);
  });

  test("a connection serves one request after the other, as long as bodies are read", async () => {
    const { port } = await serve({}, async (question) =>
      question.path === "/read" ? bodies(question) : { status: 204 },
    );
    const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`;
    const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const answers = await raw(port, `${get}${get}${post("/read")}${get}${post("/unread")}${get}`);
    expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual(
      ["204", "204", "200", "204", "204"].map((code) => `HTTP/1.1 ${code}`),
    );
    expect(answers.match(/^Connection: close/gm)).toHaveLength(1);
  });

  test("a caller that hangs up in the middle of its body hinders nobody", async () => {
    const { url, port } = await serve({}, bodies);
    const sending = request(url, { method: "POST", headers: { "content-length": "50" } });
    sending.on("error", () => undefined);
    await new Promise<void>((resolve) => sending.write("abc", () => resolve()));
    sending.destroy();
    expect(await raw(port, "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("requestLimit()", () => {
  const limiter = (trustedProxies: readonly string[] = []) => {
    const clock = fakeClock();
    const limit = requestLimit({ rate: 2, burst: 2, clock, trustedProxies });
    const ask = (peer: string, forwarded?: string, path = "/v1/verify") =>
      limit({
        method: "POST",
        path,
        peer,
        headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
        body: async () => "too slow",
      });
    const passed = (times: number, call: (at: number) => { readonly allowed: boolean }) =>
      Array.from({ length: times }, (_, at) => call(at)).filter(({ allowed }) => allowed).length;
    return { clock, ask, passed };
  };

  test("behind the API server's proxy each client has a share of its own", () => {
    const { ask, passed } = limiter();
    expect(passed(9, () => ask("10.0.0.1", "192.0.2.1"))).toBe(3);
    expect(passed(9, () => ask("10.0.0.1", "192.0.2.2"))).toBe(3);
    expect(passed(9, () => ask("10.0.0.1", "192.0.2.2", "/v1/rotate"))).toBe(3);
  });

  test("what a client writes before the entry of the proxy changes nothing", () => {
    const { ask, passed } = limiter();
    expect(passed(9, (at) => ask("10.0.0.1", `198.51.100.${at}, 192.0.2.1`))).toBe(3);
  });

  test("a direct caller cannot get past its address by inventing headers", () => {
    const { ask, passed } = limiter();
    const most = 3 * SHARES_OF_ONE_ADDRESS;
    expect(passed(1000, (at) => ask("10.0.0.9", `198.51.100.${at}`))).toBe(most);
    const refused = ask("10.0.0.9", "203.0.113.7");
    expect(refused).toMatchObject({ allowed: false, headers: { "X-Ratelimit-Remaining": "0", "Retry-After": "1" } });
  });

  test("and takes nothing from those whose address it invents", () => {
    const { ask, passed } = limiter();
    passed(1000, () => ask("10.0.0.9", "192.0.2.1"));
    expect(passed(9, () => ask("10.0.0.1", "192.0.2.1"))).toBe(3);
  });

  test("one client that asks without end takes nothing from others behind the same proxy", () => {
    const { ask, passed } = limiter();
    expect(passed(10_000, () => ask("10.0.0.1", "192.0.2.1"))).toBe(3);
    expect(passed(9, () => ask("10.0.0.1", "192.0.2.2"))).toBe(3);
  });

  test("the share comes back with time", async () => {
    const { clock, ask, passed } = limiter();
    passed(1000, (at) => ask("10.0.0.9", `a${at}`));
    await clock.advance(1000);
    expect(passed(1000, (at) => ask("10.0.0.9", `b${at}`))).toBe(2 * SHARES_OF_ONE_ADDRESS);
  });

  test.each([
    {
      name: "nobody's header is believed but the proxy's",
      peer: "10.9.0.1",
      forwarded: (at: number) => `192.0.2.${at}`,
      passes: 3,
    },
    { name: "the proxy tells callers apart", peer: "10.0.0.1", forwarded: (at: number) => `192.0.2.${at}`, passes: 60 },
    { name: "a chain of proxies", peer: "10.0.0.1", forwarded: (at: number) => `192.0.2.${at}, 10.0.0.2`, passes: 60 },
    {
      name: "entries before the client's",
      peer: "10.0.0.1",
      forwarded: (at: number) => `a${at}, 192.0.2.1, 10.0.0.2`,
      passes: 3,
    },
    {
      name: "ports and brackets",
      peer: "::ffff:10.0.0.1",
      forwarded: (at: number) => `[2001:db8::1]:${4000 + at}`,
      passes: 3,
    },
    { name: "a proxy that says nothing", peer: "10.0.0.1", forwarded: () => "", passes: 3 },
  ])("with trusted proxies: $name", ({ peer, forwarded, passes }) => {
    const { ask, passed } = limiter(["10.0.0.0/24"]);
    expect(passed(60, (at) => ask(peer, forwarded(at)))).toBe(passes);
  });
});

describe("addresses", () => {
  test.each(["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/8/8", "10.0.0.0/", "localhost", "10.0.0.0/a"])(
    "%o is no network",
    (network) => {
      expect(networkProblem(network)).toContain("is no address and no network");
    },
  );
  test.each([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "10.0.0.2", false],
    ["fd00::/8", "fd12::1", true],
    ["fd00::/8", "fe80::1", false],
    ["0.0.0.0/0", "not an address", false],
  ])("%s has %s: %o", (network, address, has) => {
    expect(networkProblem(network)).toBeUndefined();
    expect(addressSet([network]).has(address)).toBe(has);
  });
  test.each([
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["10.0.0.1:80", "10.0.0.1"],
    ["[2001:DB8::1]:80", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["", ""],
  ])("plainAddress(%o) is %o", (text, want) => {
    expect(plainAddress(text)).toBe(want);
  });
});
