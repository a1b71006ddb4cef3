import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
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
  readonly headers: IncomingMessage["headers"];
  /**
   * Reads the body; undefined when it is larger than `maxBytes`, or when all bodies under way together would be larger than
   * `together` allows. A sender that is not done after `withinMs` is hung up on.
   */
  body(limits: BodyLimits): Promise<Buffer | undefined>;
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

/**
 * Serves plain HTTP.
 *
 * @throws {ControllerError} `CONTROLLER_LISTEN` when the address cannot be used.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port } = splitAddress(options.address);
  const server = createServer(
    {
      requestTimeout: options.readTimeoutMs,
      headersTimeout: Math.min(options.readTimeoutMs, 30_000),
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 30_000,
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
  server.on("clientError", (_, socket) => socket.destroy());
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

function questionOf(request: IncomingMessage): Question {
  return {
    method: request.method ?? "GET",
    path: (request.url ?? "/").split("?", 1)[0] ?? "/",
    headers: request.headers,
    body: async ({ maxBytes, withinMs, together }) => {
      const chunks: Buffer[] = [];
      let held = 0;
      const hangUp = setTimeout(() => request.destroy(), withinMs);
      try {
        for await (const chunk of request as AsyncIterable<Buffer>) {
          held += chunk.length;
          together.heldBytes += chunk.length;
          if (held > maxBytes || together.heldBytes > together.maxBytes) return undefined;
          chunks.push(chunk);
        }
        return Buffer.concat(chunks);
      } finally {
        clearTimeout(hangUp);
        together.heldBytes -= held;
      }
    },
  };
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, headers = {}, body = "" } = answer;
  // A body that nobody read would be taken for the next request.
  const unread = request.readableEnded ? {} : { Connection: "close" };
  response.writeHead(status, { ...headers, ...unread, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
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
