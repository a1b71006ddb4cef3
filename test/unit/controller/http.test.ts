import { request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { type Listener, listen } from "../../../controller/http/listener.ts";
import { metricsRoutes } from "../../../controller/http/metrics-routes.ts";
import { rateLimiter } from "../../../controller/http/rate-limit.ts";
import { createLog } from "../../../controller/log.ts";
import { createMetrics } from "../../../controller/metrics.ts";
import { sealedSecretRoutes } from "../../../controller/sealedsecret/http-routes.ts";
import type { SealedSecretService } from "../../../controller/sealedsecret/service.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";

const open: Listener[] = [];
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close(0);
});

async function serve(service: Partial<SealedSecretService> = {}, isReady = true) {
  const clock = fakeClock();
  const lines: string[] = [];
  const metrics = await createMetrics();
  const answer = sealedSecretRoutes({
    service: {
      certificate: () => "PEM\n",
      verify: async () => ({ kind: "opens" }),
      rotate: async () => ({ kind: "rotated", json: "{}" }),
      ...service,
    },
    clock,
    log: createLog({ clock, level: "info", format: "text", write: (line) => lines.push(line) }),
    metrics,
    isReady: () => isReady,
    rate: 2,
    burst: 2,
  });
  const listener = await listen({
    address: "127.0.0.1:0",
    readTimeoutMs: 5_000,
    writeTimeoutMs: 5_000,
    answer,
    onError: () => undefined,
  });
  open.push(listener);
  return { url: listener.url, clock, lines, metrics };
}

describe("the HTTP API", () => {
  test.each([
    { path: "/healthz", status: 200, type: "text/plain; charset=utf-8", body: "ok\n" },
    { path: "/readyz", status: 200, type: "text/plain; charset=utf-8", body: "ok\n" },
    { path: "/v1/cert.pem", status: 200, type: "application/x-pem-file", body: "PEM\n" },
    { path: "/v1/cert.pem?x=1", status: 200, type: "application/x-pem-file", body: "PEM\n" },
    { path: "/v1/verify", status: 200, type: null, body: "" },
    { path: "/v1/rotate", status: 200, type: "text/plain; charset=utf-8", body: "{}" },
    { path: "/metrics", status: 404, type: "text/plain; charset=utf-8", body: "404 page not found\n" },
    { path: "/v1/verify/", status: 404, type: "text/plain; charset=utf-8", body: "404 page not found\n" },
    { path: "/", status: 404, type: "text/plain; charset=utf-8", body: "404 page not found\n" },
  ])("$path answers $status, whatever the method", async ({ path, status, type, body }) => {
    const { url } = await serve();
    for (const method of ["GET", "POST"]) {
      const answer = await fetch(url + path, { method });
      expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([status, type, body]);
    }
  });

  test("is not ready before everything was read, and alive all the same", async () => {
    const { url } = await serve({}, false);
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([503, "not ready\n"]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test("has no certificate while there is no key", async () => {
    const { url } = await serve({ certificate: () => undefined });
    const answer = await fetch(`${url}/v1/cert.pem`);
    expect([answer.status, await answer.text()]).toEqual([500, "cannot get certificate\n"]);
  });

  test.each([
    { path: "/v1/verify", service: { verify: async () => ({ kind: "locked" }) }, status: 409, log: 0 },
    {
      path: "/v1/verify",
      service: { verify: async () => ({ kind: "malformed", message: "why" }) },
      status: 500,
      log: 1,
    },
    { path: "/v1/rotate", service: { rotate: async () => ({ kind: "refused", message: "why" }) }, status: 500, log: 1 },
    { path: "/v1/rotate", service: { rotate: async () => Promise.reject(new Error("hunter2")) }, status: 500, log: 1 },
  ] as readonly { path: string; service: Partial<SealedSecretService>; status: number; log: number }[])(
    "$path answers $status with an empty body and tells only its own log",
    async ({ path, service, status, log }) => {
      const { url, lines } = await serve(service);
      const answer = await fetch(url + path, { method: "POST", body: "hunter2" });
      expect([answer.status, await answer.text(), lines.length]).toEqual([status, "", log]);
      expect(lines.join("")).not.toContain("hunter2");
    },
  );

  test("lets three through and then asks to wait, per caller and path", async () => {
    const { url, clock } = await serve();
    const ask = async (path: string, caller: string) => {
      const answer = await fetch(url + path, { method: "POST", headers: { "x-forwarded-for": caller }, body: "x" });
      const header = (name: string) => answer.headers.get(name);
      return [
        answer.status,
        header("x-ratelimit-limit"),
        header("x-ratelimit-remaining"),
        header("x-ratelimit-reset"),
        header("retry-after"),
        await answer.text(),
      ];
    };
    expect(await ask("/v1/verify", "a")).toEqual([200, "3", "2", "1", null, ""]);
    expect(await ask("/v1/verify", "a")).toEqual([200, "3", "1", "1", null, ""]);
    expect(await ask("/v1/verify", "a")).toEqual([200, "3", "0", "2", null, ""]);
    expect(await ask("/v1/verify", "a")).toEqual([429, "3", "0", "2", "1", "limit exceeded\n"]);
    expect((await ask("/v1/verify", "b"))[0]).toBe(200);
    expect((await ask("/v1/rotate", "a"))[0]).toBe(200);
    await clock.advance(500);
    expect(await ask("/v1/verify", "a")).toEqual([200, "3", "0", "2", null, ""]);
  });

  test("headers are spelled as the original spells them", async () => {
    const { url } = await serve();
    const raw = await new Promise<string[]>((resolve, reject) => {
      request(`${url}/v1/verify`, { method: "POST" }, (response) => {
        response.resume();
        resolve(response.rawHeaders);
      })
        .on("error", reject)
        .end("x");
    });
    expect(raw).toEqual(expect.arrayContaining(["X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"]));
  });

  test("slow senders keep nobody out", async () => {
    const { url } = await serve();
    const slow = Array.from({ length: 40 }, (_, at) => {
      const headers = { "x-forwarded-for": `slow-${at}`, "content-length": "1000" };
      const sending = request(`${url}/v1/verify`, { method: "POST", headers });
      sending.on("error", () => undefined).write("{");
      return sending;
    });
    try {
      await Promise.all(
        slow.map((one) => new Promise((sent) => one.once("socket", (socket) => socket.once("connect", sent)))),
      );
      for (const one of slow) await new Promise<void>((sent) => one.write(" ", () => sent()));
      expect((await fetch(`${url}/v1/verify`, { method: "POST", body: "{}" })).status).toBe(200);
    } finally {
      for (const one of slow) one.destroy();
    }
  });

  test("a body that is too large is not read to its end", async () => {
    const { url } = await serve({ verify: () => Promise.reject(new Error("must not be asked")) });
    const status = await new Promise((resolve, reject) => {
      const sending = request(`${url}/v1/verify`, { method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sending.on("error", reject);
      const chunk = Buffer.alloc(1024 * 1024);
      for (let sent = 0; sent < 5; sent++) sending.write(chunk);
    });
    expect(status).toBe(413);
  });

  test("more than sixteen at once are asked to come back, from whomever they are", async () => {
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { url } = await serve({ verify: () => held.then(() => ({ kind: "opens" })) });
    const ask = (caller: number) =>
      fetch(`${url}/v1/verify`, { method: "POST", headers: { "x-forwarded-for": `c${caller}` }, body: "x" });
    const asked = Array.from({ length: 17 }, (_, caller) => ask(caller));
    const first = await Promise.race(asked);
    expect([first.status, first.headers.get("retry-after")]).toEqual([429, "1"]);
    finish();
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array.from({ length: 16 }, () => 200), 429]);
    expect((await ask(99)).status).toBe(200);
  });

  test("reading bodies takes a quarter of the time in the long run, whoever sends them", async () => {
    let readMs = 600;
    const { url, clock } = await serve({
      verify: async () => {
        clock.jump(readMs);
        return { kind: "opens" };
      },
    });
    let callers = 0;
    const ask = async () => {
      const headers = { "x-forwarded-for": `c${callers++}` };
      return (await fetch(`${url}/v1/verify`, { method: "POST", headers, body: "x" })).status;
    };
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
    clock.jump(200);
    expect(await ask()).toBe(429);
    clock.jump(1_000);
    expect([await ask(), await ask()]).toEqual([200, 429]);
    clock.jump(3_600_000);
    readMs = 5;
    expect(await Promise.all(Array.from({ length: 15 }, ask))).toEqual(Array.from({ length: 15 }, () => 200));
  });

  test("counts requests of the three paths", async () => {
    const { url, metrics } = await serve();
    await fetch(`${url}/v1/cert.pem`);
    await fetch(`${url}/v1/verify`, { method: "POST", body: "" });
    await fetch(`${url}/nope`);
    const text = await metrics.text();
    expect(text).toContain(
      'sealed_secrets_controller_http_requests_total{path="/v1/cert.pem",code="200",method="get"} 1',
    );
    expect(text).toContain(
      'sealed_secrets_controller_http_requests_total{path="/v1/verify",code="200",method="post"} 1',
    );
    expect(text).toContain(
      'sealed_secrets_controller_http_request_duration_seconds_count{path="/v1/cert.pem",method="get"} 1',
    );
    expect(text).not.toContain("nope");
  });
});

describe("metricsRoutes()", () => {
  test("serves the numbers, and nothing else", async () => {
    const metrics = await createMetrics();
    metrics.counter({ name: "a_total", help: "A." }).inc();
    const routes = metricsRoutes(metrics);
    const ask = (path: string) => routes({ method: "GET", path, peer: "", headers: {}, body: async () => "too large" });
    expect(await ask("/metrics")).toMatchObject({
      status: 200,
      headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" },
      body: expect.stringContaining("a_total 1"),
    });
    expect((await ask("/v1/cert.pem")).status).toBe(404);
  });
});

describe("listen()", () => {
  test.each(["", "8080", "localhost:", "x:99999", ":x", "[::1]"])("refuses the address %o", async (address) => {
    const answer = async () => ({ status: 200 });
    await expect(
      listen({ address, readTimeoutMs: 1, writeTimeoutMs: 1, answer, onError: () => undefined }),
    ).rejects.toMatchObject({ code: "CONTROLLER_OPTIONS" });
  });

  test("a port in use is one clear error", async () => {
    const { url } = await serve();
    const answer = async () => ({ status: 200 });
    await expect(
      listen({ address: new URL(url).host, readTimeoutMs: 1, writeTimeoutMs: 1, answer, onError: () => undefined }),
    ).rejects.toMatchObject({
      code: "CONTROLLER_LISTEN",
      message: expect.stringContaining("something else listens there"),
    });
  });
});

const DAY_MS = 24 * 3_600_000;

describe("rateLimiter()", () => {
  test("forgets the callers that were silent longest instead of growing", () => {
    const clock = fakeClock();
    const limiter = rateLimiter({ rate: 1, burst: 0, clock });
    expect(limiter("first").allowed).toBe(true);
    expect(limiter("first").allowed).toBe(false);
    for (let caller = 0; caller < 65_536; caller++) limiter(`c${caller}`);
    expect(limiter("first").allowed).toBe(true);
  });

  test("a clock that is set back keeps nobody out", () => {
    const clock = fakeClock();
    const limiter = rateLimiter({ rate: 1, burst: 1, clock });
    expect([1, 2, 3].map(() => limiter("x").allowed)).toEqual([true, true, false]);
    clock.jump(-DAY_MS);
    expect(limiter("x")).toMatchObject({ allowed: false, headers: { "Retry-After": "1" } });
    clock.jump(1_000);
    expect(limiter("x").allowed).toBe(true);
  });
});
