import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request } from "node:https";

/** What happens to one request: it passes, or goes wrong in one of the ways in which requests go wrong. */
export type Fault =
  | "pass"
  /** Answered in the API server's stead; nothing is done. */
  | { readonly status: number; readonly reason: string; readonly retryAfter?: number }
  /** The connection is closed before anything is done. */
  | "reset"
  /** It is done, and the connection is closed instead of an answer. */
  | "lost answer"
  /** Nothing is done and nothing is answered. */
  | "silence";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
}

/** Chooses what happens to the next request. */
export type Chooser = (request: Request) => Fault;

/** A loopback server between a client and the API server; without TLS, which is not what is tried here. */
export interface FaultyProxy {
  readonly url: string;
  /** Faults so far. */
  readonly faults: number;
  choose: Chooser;
  /** Ends all watches in the middle of what they were saying. */
  cutWatches(): void;
  close(): Promise<void>;
}

export async function startFaultyProxy(server: {
  readonly url: string;
  readonly ca: () => string;
  /** For whoever brings none: programs do not send one without TLS. */
  readonly token?: string;
}): Promise<FaultyProxy> {
  const agent = new Agent({ keepAlive: true });
  const authorization = server.token === undefined ? {} : { authorization: `Bearer ${server.token}` };
  const watches = new Set<ServerResponse>();
  let faults = 0;
  let choose: Chooser = () => "pass";

  const forward = (message: IncomingMessage, response: ServerResponse, fault: "pass" | "lost answer") => {
    const onward = request(
      `${server.url}${message.url}`,
      {
        method: message.method,
        agent,
        ca: server.ca(),
        headers: { ...authorization, ...message.headers, host: new URL(server.url).host },
      },
      (answer) => {
        if (fault === "lost answer") {
          answer.resume().on("end", () => response.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on("error", () => response.destroy());
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    message.pipe(onward);
  };

  const proxy = createServer((message, response) => {
    const path = message.url ?? "";
    const isWatch = /[?&]watch=(1|true)/.test(path);
    const fault = choose({ method: message.method ?? "", path, isWatch });
    if (isWatch) {
      watches.add(response);
      response.on("close", () => watches.delete(response));
    }
    if (fault !== "pass") faults += 1;
    if (fault === "pass" || fault === "lost answer") return forward(message, response, fault);
    if (fault === "reset") return void response.destroy();
    if (fault === "silence") return void message.resume();
    const { status, reason, retryAfter } = fault;
    message.resume();
    response.writeHead(status, {
      "content-type": "application/json",
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
    });
    const body = {
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      code: status,
      reason,
      message: `made up: ${reason}`,
    };
    response.end(JSON.stringify(body));
  });
  proxy.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    get faults() {
      return faults;
    },
    get choose() {
      return choose;
    },
    set choose(next) {
      choose = next;
    },
    cutWatches() {
      for (const watch of watches) watch.destroy();
    },
    async close() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
      agent.destroy();
    },
  };
}
