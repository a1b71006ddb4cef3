import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange } from "../../../../src/kms/http/exchange.ts";
import type { HttpOutcome, HttpRequest } from "../../../../src/kms/http/message.ts";
import { jsonObject, textField } from "../../../../src/kms/http/message.ts";
import type { Fetch } from "../../../../src/kms/ports.ts";
import { startServer, type TestServer } from "../../../helpers/http-server.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";

const TOKEN = "canary-token-do-not-show";

function request(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "POST", url: new URL(url), headers: { authorization: `Bearer ${TOKEN}` }, body: TOKEN, ...more };
}

const answers =
  (...list: (Response | Error)[]): Fetch =>
  async () => {
    const next = list.length > 1 ? list.shift() : list[0];
    if (next instanceof Error) throw next;
    return (next ?? new Response()).clone();
  };

const network = (code: string) => new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) });

async function ask(fetch: Fetch, limits = {}, isTransient?: () => boolean) {
  let tries = 0;
  const ports = testPorts({ fetch });
  const startMs = ports.clock.now();
  const makeRequest = () => {
    tries++;
    return request("http://kms.example/");
  };
  const outcome = await exchange(ports, makeRequest, { limits, isTransient });
  return { outcome, tries, waitedMs: ports.clock.now() - startMs };
}

const summary = (outcome: HttpOutcome) => (outcome.kind === "answer" ? outcome.status : outcome.reason);

describe("exchange()", () => {
  test.each([
    { name: "200 is the answer", fetch: answers(new Response("ok")), want: 200, tries: 1 },
    { name: "400 is the answer", fetch: answers(new Response("no", { status: 400 })), want: 400, tries: 1 },
    { name: "403 is the answer", fetch: answers(new Response("no", { status: 403 })), want: 403, tries: 1 },
    { name: "501 is the answer", fetch: answers(new Response("no", { status: 501 })), want: 501, tries: 1 },
    {
      name: "304 without a place is the answer",
      fetch: answers(new Response(null, { status: 304 })),
      want: 304,
      tries: 1,
    },
    { name: "429 four times is given up", fetch: answers(new Response("", { status: 429 })), want: 429, tries: 4 },
    { name: "503 four times is given up", fetch: answers(new Response("", { status: 503 })), want: 503, tries: 4 },
    {
      name: "500, then 200",
      fetch: answers(new Response("", { status: 500 }), new Response("")),
      want: 200,
      tries: 2,
    },
    { name: "no connection, then 200", fetch: answers(network("ECONNREFUSED"), new Response("")), want: 200, tries: 2 },
    { name: "never a connection", fetch: answers(network("ECONNREFUSED")), want: "unreachable", tries: 4 },
    { name: "an unknown host", fetch: answers(network("ENOTFOUND")), want: "unreachable", tries: 4 },
    { name: "a wrong certificate", fetch: answers(network("DEPTH_ZERO_SELF_SIGNED_CERT")), want: "tls", tries: 1 },
    {
      name: "a header that cannot be",
      fetch: answers(new TypeError(`bad value ${TOKEN}`)),
      want: "unsendable",
      tries: 1,
    },
    {
      name: "a redirect",
      fetch: answers(new Response("", { status: 307, headers: { location: "http://evil.example/" } })),
      want: "redirect",
      tries: 1,
    },
    {
      name: "a pause that is too long",
      fetch: answers(new Response("", { status: 429, headers: { "retry-after": "3600" } })),
      want: 429,
      tries: 1,
    },
  ])("$name", async ({ fetch, want, tries }) => {
    const got = await ask(fetch);
    expect([summary(got.outcome), got.tries]).toEqual([want, tries]);
    expect(JSON.stringify(got.outcome)).not.toContain(TOKEN);
  });

  test("waits as long as the service says, and otherwise doubles", async () => {
    const told = await ask(
      answers(new Response("", { status: 429, headers: { "retry-after": "5" } }), new Response("")),
    );
    expect(told.waitedMs).toBe(5_000);
    const doubled = await ask(answers(new Response("", { status: 503 })));
    expect(doubled.waitedMs).toBe(150 + 300 + 600);
  });

  test("a 400 that the service calls throttling is tried again", async () => {
    const { tries } = await ask(answers(new Response("", { status: 400 })), {}, () => true);
    expect(tries).toBe(4);
  });

  test("an interrupted pause ends with what there was", async () => {
    const stop = new AbortController();
    const ports = testPorts({ fetch: answers(new Response("", { status: 503 })), signal: stop.signal, hurry: false });
    const asked = exchange(ports, () => request("http://kms.example/"));
    await ports.clock.advance(1);
    stop.abort();
    expect(summary(await asked)).toBe(503);
    expect(summary(await exchange(ports, () => request("http://kms.example/")))).toBe("aborted");
  });
});

describe("exchange() with a server", () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer(({ url, body, headers }, response) => {
      if (url === "/silent") return;
      if (url === "/drip") {
        response.write("x");
        return;
      }
      if (url === "/endless") {
        const chunk = Buffer.alloc(64 * 1024, "x");
        const more = () => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on("drain", more);
        more();
        return;
      }
      if (url === "/cut") {
        response.writeHead(200, { "content-length": "100" });
        response.write("half");
        setImmediate(() => response.destroy());
        return;
      }
      if (url === "/nonsense") {
        response.socket?.end("these are no headers\r\n\r\n");
        return;
      }
      response.end(
        JSON.stringify({ body, authorization: headers.authorization, encoding: headers["accept-encoding"] }),
      );
    });
  });
  afterAll(async () => server.close());

  test.each([
    { path: "/silent", want: "timeout" },
    { path: "/drip", want: "timeout" },
    { path: "/endless", want: "too-long" },
    { path: "/cut", want: "unreachable" },
    { path: "/nonsense", want: "unreachable" },
  ])("$path ends as $want", async ({ path, want }) => {
    const ports = testPorts({ hurry: false });
    const asked = exchange(ports, () => request(server.url + path), {
      limits: { attempts: 1, timeoutMs: 5_000, maxAnswerBytes: 300_000 },
    });
    if (want === "timeout") {
      await ports.clock.advance(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await ports.clock.advance(5_000);
    }
    expect(summary(await asked)).toBe(want);
    expect(ports.clock.pending).toBe(0);
  });

  test("sends what it was given and asks for no compression", async () => {
    const outcome = await exchange(testPorts(), () => request(`${server.url}/`));
    const body = outcome.kind === "answer" ? jsonObject(outcome) : undefined;
    expect(body).toEqual({ body: TOKEN, authorization: `Bearer ${TOKEN}`, encoding: "identity" });
    expect([textField(body, "body"), textField(body, "toString"), textField([], "length")]).toEqual([
      TOKEN,
      undefined,
      undefined,
    ]);
  });
});
