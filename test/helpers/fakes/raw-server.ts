import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fetch } from "../../../src/kms/ports.ts";

/** A request as it came over the wire. */
export interface RawRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** Names in lower case; one that came twice is refused before anybody sees it. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What a service may do instead of answering. */
export type Mischief = "silent" | "cut" | "endless" | "redirect" | "nonsense" | RawAnswer;

export interface RawServer {
  readonly url: string;
  readonly requests: RawRequest[];
  /** What happens to the next requests, one each, before the service behaves again. */
  readonly mischief: Mischief[];
  close(): Promise<void>;
}

/** A loopback server that hands out whole requests and can misbehave on demand. */
export async function startRawServer(answer: (request: RawRequest) => RawAnswer): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const mischief: Mischief[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = rawRequest(incoming, Buffer.concat(chunks));
      requests.push(request);
      const prank = mischief.shift();
      if (typeof prank === "string") play(prank, response);
      else reply(response, prank ?? checked(request, answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    mischief,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function rawRequest({ method = "", url = "", rawHeaders }: IncomingMessage, body: Buffer): RawRequest {
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    headers.set(name, headers.has(name) ? "(twice)" : rawHeaders[at + 1]!);
  }
  return { method, target: url, headers, body };
}

function checked(request: RawRequest, answer: (request: RawRequest) => RawAnswer): RawAnswer {
  const twice = [...request.headers].find(([, value]) => value === "(twice)");
  return twice === undefined ? answer(request) : { status: 400, body: `header ${twice[0]} came twice` };
}

function reply(response: ServerResponse, { status, headers = {}, body = "" }: RawAnswer): void {
  response.writeHead(status, headers);
  response.end(body);
}

const CHUNK = Buffer.alloc(256 * 1024, "x");

function play(prank: Mischief, response: ServerResponse): void {
  switch (prank) {
    case "cut":
      response.writeHead(200, { "content-length": "1000" });
      response.write("half of");
      setImmediate(() => response.destroy());
      return;
    case "endless": {
      const more = () => {
        while (!response.destroyed && response.write(CHUNK));
      };
      response.on("drain", more);
      more();
      return;
    }
    case "redirect":
      reply(response, { status: 307, headers: { location: "http://169.254.169.254/latest/" } });
      return;
    case "nonsense":
      reply(response, { status: 200, headers: { "content-type": "text/html" }, body: "<html>Please log in</html>" });
      return;
    default:
      // "silent": the connection stays open until the server closes.
      return;
  }
}

/** The same without sockets: a network whose hosts are the services. Any other host does not exist. */
export function rawFetch(
  hosts: Readonly<Record<string, (request: RawRequest) => RawAnswer>>,
  requests: (RawRequest & { readonly host: string })[] = [],
): Fetch {
  return async (href, init) => {
    const url = new URL(href);
    const answer = hosts[url.host];
    if (answer === undefined) {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("lookup"), { code: "ENOTFOUND" }) });
    }
    init.signal.throwIfAborted();
    const body = Buffer.from(init.body ?? "");
    const headers = new Map(Object.entries(init.headers).map(([name, value]) => [name.toLowerCase(), value]));
    headers.set("host", url.host);
    if (init.body !== undefined) headers.set("content-length", String(body.length));
    const request = { method: init.method, target: url.pathname + url.search, headers, body, host: url.host };
    requests.push(request);
    const { status, headers: sent = {}, body: content } = answer(request);
    return new Response(content === undefined || content === "" ? null : Uint8Array.from(Buffer.from(content)), {
      status,
      headers: sent,
    });
  };
}
