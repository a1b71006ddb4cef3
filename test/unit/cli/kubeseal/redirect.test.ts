import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redirectTarget } from "../../../../cli/kubeseal/redirect.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

test.each([
  ["https://a.example/x", "/y", "https://a.example/y"],
  ["https://a.example/x", "https://b.example/y", "https://b.example/y"],
  ["https://a.example/x", "//b.example/y", "https://b.example/y"],
  ["http://a.example/x", "https://b.example/y", "https://b.example/y"],
  ["http://a.example/x", "http://b.example/y", "http://b.example/y"],
])("from %s, %s leads to %s", (from, location, to) => {
  expect(redirectTarget(from, location)).toBe(to);
});

test.each([
  ["https://a.example/x", "http://a.example/x"],
  ["https://a.example/x", "HTTP://a.example/x"],
  ["HTTPS://a.example/x", "http://a.example/x"],
  ["https://a.example/x", "file:///etc/passwd"],
  ["http://a.example/x", "file:///etc/passwd"],
  ["http://a.example/x", "data:text/plain,x"],
  ["http://a.example/x", "http://["],
])("from %s, %s is not followed", (from, location) => {
  expect(() => redirectTarget(from, location)).toThrow(expect.objectContaining({ code: "KUBESEAL_CERTIFICATE" }));
});

let server: Server;
let certificate = "";
beforeAll(async () => {
  certificate = (await makeSealingKey()).certificatePem;
  server = createServer((request, response) => {
    const location = { "/there": "/cert", "/away": "file:///etc/passwd" }[request.url ?? ""];
    if (location === undefined) response.end(certificate);
    else response.writeHead(302, { Location: location }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

test.each([
  ["/there", 0],
  ["/away", 1],
])("a certificate from %s ends with %i", async (path, status) => {
  const { port } = server.address() as AddressInfo;
  const words = ["kubeseal", "--cert", `http://127.0.0.1:${port}${path}`, "--raw", "--name", "x", "--namespace", "y"];
  const { code, stdout } = await runCli(words, { stdin: "secret" });
  expect([code, stdout === ""]).toEqual([status, status === 1]);
});
