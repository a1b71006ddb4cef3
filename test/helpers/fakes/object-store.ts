import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A registry and a bucket store in one server on loopback, as far as one file goes in and out. */
export interface ObjectStore {
  readonly port: number;
  /** Path to content: of objects, and of blobs and manifests. */
  readonly objects: Map<string, Buffer>;
  readonly requests: string[];
  /** What the registry answers to everything but logging in, when it is set. */
  failWith: number | undefined;
  close(): Promise<void>;
}

const LOGIN = `Basic ${Buffer.from("ann:hunter2").toString("base64")}`;
const TOKEN = "a-token";

/** The registry wants the token that `ann` with the password `hunter2` gets; buckets look at no signature. */
export async function startObjectStore(): Promise<ObjectStore> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  const store = { port: 0, objects, requests, failWith: undefined as number | undefined, close: async () => undefined };
  const answer = (response: ServerResponse, status: number, headers: Record<string, string> = {}, body?: Buffer) =>
    response.writeHead(status, headers).end(body);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const url = new URL(request.url ?? "/", `http://127.0.0.1:${store.port}`);
    requests.push(`${request.method} ${url.pathname}`);
    if (url.pathname === "/token") {
      const isAnn = request.headers.authorization === LOGIN;
      return answer(response, isAnn ? 200 : 401, {}, Buffer.from(JSON.stringify({ token: TOKEN })));
    }
    if (!url.pathname.startsWith("/v2/")) {
      const found = objects.get(url.pathname);
      if (request.method === "PUT") objects.set(url.pathname, body);
      else if (found === undefined) {
        return answer(response, 404, {}, Buffer.from("<Error><Code>NoSuchKey</Code></Error>"));
      }
      return answer(response, 200, {}, request.method === "PUT" ? undefined : found);
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      const challenge = `Bearer realm="http://127.0.0.1:${store.port}/token",service="test"`;
      return answer(response, 401, { "www-authenticate": challenge });
    }
    if (store.failWith !== undefined) return answer(response, store.failWith);
    if (request.method === "POST") {
      return answer(response, 202, { location: `${url.pathname}some-upload?state=x` });
    }
    if (request.method === "PUT") {
      const digest = url.searchParams.get("digest");
      const actual = `sha256:${createHash("sha256").update(body).digest("hex")}`;
      if (digest !== null && digest !== actual) return answer(response, 400);
      objects.set(digest === null ? url.pathname : url.pathname.replace(/uploads\/.*/, actual), body);
      return answer(response, 201);
    }
    const found = objects.get(url.pathname);
    return answer(response, found === undefined ? 404 : 200, {}, request.method === "HEAD" ? undefined : found);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  store.port = (server.address() as AddressInfo).port;
  return Object.assign(store, {
    close: () =>
      new Promise<undefined>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve(undefined));
      }),
  });
}
