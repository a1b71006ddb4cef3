import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ControllerError } from "../errors.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Question {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Address of the other end of the connection; empty when it is gone. */
  readonly peer: string;
  readonly headers: IncomingMessage["headers"];
  /**
   * Reads the body. `too large` when it is larger than `maxBytes`, or when all bodies under way together would be larger
   * than `together` allows; `too slow` when it is not there after `withinMs`.
   */
  body(limits: BodyLimits): Promise<Buffer | "too large" | "too slow">;
}

export interface BodyLimits {
  readonly maxBytes: number;
  readonly withinMs: number;
  /** Shared by all requests of a kind: what they hold and may hold in memory. */
  readonly together: { heldBytes: number; readonly maxBytes: number };
}

export interface ListenOptions {
  /** `HOST:PORT`, `:PORT` or `[HOST]:PORT`; port 0 takes a free one. */
  readonly address: string;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly limits?: Partial<ConnectionLimits>;
  readonly answer: (question: Question) => Promise<Answer>;
  /** Something went wrong that `answer` did not foresee; the caller gets an empty 500. */
  readonly onError: (error: unknown) => void;
}

export interface Listener {
  readonly port: number;
  /** `http://HOST:PORT`, to be used from this machine. */
  readonly url: string;
  /** Lets answers under way finish, for at most `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

export const notFound: Answer = {
  status: 404,
  headers: { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" },
  body: "404 page not found\n",
};

/** What bounds strangers who send slowly, much, or from everywhere at once. */
export interface ConnectionLimits {
  /** A head that takes longer is given up: who sends a byte now and then must not hold connections. */
  readonly headMs: number;
  readonly headBytes: number;
  /** A connection that nothing comes on is closed. */
  readonly idleMs: number;
  /** Connections at the same time; each is a file and some memory. */
  readonly connections: number;
  /** Those of one address: one pod cannot take all of them, and the API server's proxy does with far less. */
  readonly connectionsOfOne: number;
  /** How often the times above are looked at. */
  readonly checkMs: number;
}

const CONNECTION_LIMITS: ConnectionLimits = {
  headMs: 10_000,
  headBytes: 16 * 1024,
  idleMs: 30_000,
  connections: 1024,
  connectionsOfOne: 128,
  checkMs: 2_000,
};

/** After an answer that leaves a body unread, the rest of it is let run dry for so long. */
const LINGER_MS = 1_000;

/**
 * Serves plain HTTP.
 *
 * @throws {ControllerError} `CONTROLLER_LISTEN` when the address cannot be used.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port } = splitAddress(options.address);
  const limits = { ...CONNECTION_LIMITS, ...options.limits };
  const server = createServer(
    {
      requestTimeout: options.readTimeoutMs,
      headersTimeout: Math.min(options.readTimeoutMs === 0 ? limits.headMs : options.readTimeoutMs, limits.headMs),
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: limits.idleMs,
      maxHeaderSize: limits.headBytes,
    },
    (request, response) => {
      response.setTimeout(options.writeTimeoutMs, () => request.destroy());
      options
        .answer(questionOf(request))
        .catch((error: unknown): Answer => {
          options.onError(error);
          return { status: 500 };
        })
        .then((answer) => send(request, response, answer))
        .catch(() => request.destroy());
    },
  );
  server.maxConnections = limits.connections;
  limitEachAddress(server, limits.connectionsOfOne);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else socket.end(`HTTP/1.1 ${REFUSALS.get(error.code ?? "") ?? "400 Bad Request"}\r\nConnection: close\r\n\r\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(options.address, cause)));
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    port: bound,
    url: `http://${host === undefined || host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host}:${bound}`,
    close: (graceMs = 2_000) =>
      new Promise((resolve) => {
        const force = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const REFUSALS: ReadonlyMap<string, string> = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

function limitEachAddress(server: Server, most: number): void {
  const held = new Map<string, number>();
  server.on("connection", (socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (held.get(address) ?? 0) + 1;
    held.set(address, count);
    socket.once("close", () => {
      const left = (held.get(address) ?? 1) - 1;
      if (left === 0) held.delete(address);
      else held.set(address, left);
    });
    if (count > most) socket.destroy();
  });
}

function questionOf(request: IncomingMessage): Question {
  return {
    method: request.method ?? "GET",
    path: (request.url ?? "/").split("?", 1)[0] ?? "/",
    peer: request.socket.remoteAddress ?? "",
    headers: request.headers,
    body: (limits) => readBody(request, limits),
  };
}

function readBody(
  request: IncomingMessage,
  { maxBytes, withinMs, together }: BodyLimits,
): Promise<Buffer | "too large" | "too slow"> {
  // What is announced need not be waited for.
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve("too large");
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let held = 0;
    const take = (chunk: Buffer) => {
      held += chunk.length;
      together.heldBytes += chunk.length;
      if (held > maxBytes || together.heldBytes > together.maxBytes) finish(() => resolve("too large"));
      else chunks.push(chunk);
    };
    const done = () => finish(() => resolve(Buffer.concat(chunks)));
    const failed = (error: Error) => finish(() => reject(error));
    const timer = setTimeout(() => finish(() => resolve("too slow")), withinMs);
    const finish = (how: () => void) => {
      clearTimeout(timer);
      together.heldBytes -= held;
      request.off("data", take).off("end", done).off("error", failed).pause();
      how();
    };
    request.on("error", failed).on("end", done).on("data", take);
  });
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, headers = {}, body = "" } = answer;
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  const isUnread = !request.readableEnded && (coding !== undefined || Number(length) > 0);
  // A body that nobody read would be taken for the next request.
  const closing = isUnread ? { Connection: "close" } : {};
  response.writeHead(status, { ...headers, ...closing, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
  if (!isUnread) return;
  // Read on a little, so that the answer is not lost in a reset before the caller saw it.
  request.on("error", () => undefined).resume();
  const hangUp = setTimeout(() => request.socket.destroy(), LINGER_MS);
  request.once("close", () => clearTimeout(hangUp));
}

function splitAddress(address: string): { readonly host: string | undefined; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(address);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65_535) {
    throw new ControllerError("CONTROLLER_OPTIONS", `Cannot listen on "${address}": it is not HOST:PORT or :PORT`);
  }
  const host = match[1] ?? match[2] ?? "";
  return { host: host === "" ? undefined : host, port };
}

function cannotListen(address: string, cause: NodeJS.ErrnoException): ControllerError {
  const why = cause.code === "EADDRINUSE" ? "something else listens there" : (cause.code ?? "it cannot be used");
  return new ControllerError("CONTROLLER_LISTEN", `Cannot listen on "${address}": ${why}`, {
    cause,
    hints: ["choose another address with --listen-addr or --listen-metrics-addr"],
  });
}
