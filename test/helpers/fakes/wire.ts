import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Fetch } from "../../../src/kms/ports.ts";

/** A request as a fake service sees it. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes out as JSON; a function is asked for one part after the other, without end. */
  readonly body?: object | string | (() => Uint8Array);
}

export type Service = (request: WireRequest) => WireAnswer | Promise<WireAnswer>;

/** What a service saw, for tests that ask how often and with what. */
export interface Recorded {
  readonly service: Service;
  readonly requests: WireRequest[];
}

export function recorded(service: Service): Recorded {
  const requests: WireRequest[] = [];
  return {
    requests,
    service(request) {
      requests.push(request);
      return service(request);
    },
  };
}

/** A network whose hosts are the services: no sockets. Any other host does not exist. */
export function fetchOf(services: Readonly<Record<string, Service>>): Fetch {
  return async (href, init) => {
    const url = new URL(href);
    const service = services[url.host];
    if (service === undefined) {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("lookup"), { code: "ENOTFOUND" }) });
    }
    init.signal.throwIfAborted();
    const body = typeof init.body === "string" ? init.body : Buffer.from(init.body ?? []).toString("utf8");
    const headers = new Map(Object.entries(init.headers).map(([name, value]) => [name.toLowerCase(), value]));
    const answer = await service({ method: init.method, url, headers, body });
    return new Response(streamOf(answer), {
      status: answer.status,
      headers: { "content-type": "application/json", ...answer.headers },
    });
  };
}

function streamOf({ status, body = "" }: WireAnswer): string | ReadableStream<Uint8Array> | null {
  if (status === 204 || status === 304) return null;
  if (typeof body === "string") return body;
  if (typeof body === "object") return JSON.stringify(body);
  return new ReadableStream({ pull: (controller) => controller.enqueue(body()) });
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** With a certificate and its key: over TLS. */
  readonly cert?: string;
  readonly key?: string;
  /** Clients have to show a certificate that this one signed. */
  readonly clientCa?: string;
  /** A socket in place of a port. */
  readonly path?: string;
}

/** The service on loopback. */
export async function listen(service: Service, more: ListenOptions = {}): Promise<Listening> {
  const handle = (request: IncomingMessage, response: ServerResponse) => void serve(service, request, response);
  const { cert, key, clientCa, path } = more;
  const guard = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  const server = cert === undefined ? createPlainServer(handle) : createTlsServer({ cert, key, ...guard }, handle);
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(path, resolve);
  });
  const { port } = path === undefined ? (server.address() as AddressInfo) : { port: 0 };
  return {
    url: `${cert === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const scheme = "encrypted" in request.socket ? "https" : "http";
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const answer = await service({
    method: request.method ?? "",
    url: new URL(request.url ?? "/", `${scheme}://${request.headers.host ?? "localhost"}`),
    headers: new Map(headers),
    body: Buffer.concat(parts).toString("utf8"),
  });
  const { body = "" } = answer;
  const bytes = Buffer.from(typeof body === "object" ? JSON.stringify(body) : typeof body === "string" ? body : "");
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": bytes.length,
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}
