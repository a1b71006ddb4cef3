import { execFile, spawn } from "node:child_process";
import { timingSafeEqual } from "node:crypto";
import { access, constants } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";

export interface GitServerOptions {
  /** The folder that holds the repositories: `URL/name.git` is `root/name.git`. */
  readonly root: string;
  /** Whether `git push` is taken. */
  readonly allowPush?: boolean;
  /** Sees every request first; an answer it gives (true) ends the request there. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
  /** Who may read; without it everyone on this machine. */
  readonly login?: { readonly username: string; readonly password: string };
}

export interface GitServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

const EXEC_PATH_MS = 10_000;

/**
 * Serves Git repositories over HTTP on loopback, through git's own `http-backend`. For demo, preview and tests: the
 * controller takes no `file:` URL, so what lies on disk has to be served.
 */
export async function serveGit(options: GitServerOptions): Promise<GitServer> {
  const program = await findBackend();
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (options.intercept?.(request, response) === true) return;
    if (options.login !== undefined && !isLoggedIn(options.login, request)) {
      response.writeHead(401, { "WWW-Authenticate": 'Basic realm="git"' }).end();
      return;
    }
    const target = targetOf(request.url ?? "/");
    if (target === undefined) response.writeHead(400).end();
    else backend(program, options, target, request, response);
  };
  const server: Server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isLoggedIn(
  { username, password }: { readonly username: string; readonly password: string },
  { headers }: IncomingMessage,
): boolean {
  const wanted = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`);
  const given = Buffer.from(headers.authorization ?? "");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

interface Target {
  readonly path: string;
  readonly query: string;
}

/** What a request line asks for; undefined for what no file can be called. */
function targetOf(text: string): Target | undefined {
  try {
    const url = new URL(text, "http://127.0.0.1");
    const path = decodeURIComponent(url.pathname);
    return path.includes("\0") ? undefined : { path, query: url.search.slice(1) };
  } catch {
    return undefined;
  }
}

/** git's own program for this, which git would start as a second process for each request; git itself where it is not found. */
async function findBackend(): Promise<readonly [string, ...string[]]> {
  const folder = await new Promise<string>((resolve) => {
    const options = { env: { PATH: process.env["PATH"] ?? "" }, timeout: EXEC_PATH_MS };
    execFile("git", ["--exec-path"], options, (error, stdout) => resolve(error === null ? stdout.trim() : ""));
  });
  const program = join(folder, "git-http-backend");
  const isThere =
    folder !== "" &&
    (await access(program, constants.X_OK).then(
      () => true,
      () => false,
    ));
  return isThere ? [program] : ["git", "http-backend"];
}

/** CGI (RFC 3875): the request in variables and on stdin, the answer as headers, a blank line, and the body. */
function backend(
  [program, ...args]: readonly [string, ...string[]],
  options: GitServerOptions,
  target: Target,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: "/nonexistent",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_COUNT: "3",
      GIT_CONFIG_KEY_0: "http.receivepack",
      GIT_CONFIG_VALUE_0: String(options.allowPush === true),
      GIT_CONFIG_KEY_1: "safe.directory",
      GIT_CONFIG_VALUE_1: "*",
      GIT_CONFIG_KEY_2: "uploadpack.allowAnySHA1InWant",
      GIT_CONFIG_VALUE_2: "true",
      GIT_PROJECT_ROOT: options.root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: target.path,
      QUERY_STRING: target.query,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: request.headers["content-length"] ?? "",
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_USER: "sealkit",
    },
  });
  child.on("error", () => response.writeHead(500).end("git is not installed"));
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  response.on("close", () => child.kill());
  let head: Buffer = Buffer.alloc(0);
  let started = false;
  child.stdout.on("data", (chunk: Buffer) => {
    if (started) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    started = true;
    const headers = parseHeaders(head.subarray(0, end).toString("latin1"));
    response.writeHead(
      Number(/^\d+/.exec(headers.get("status") ?? "200")?.[0] ?? 200),
      [...withoutStatus(headers)].flat(),
    );
    response.write(head.subarray(end + 4));
  });
  child.stdout.on("end", () => (started ? response.end() : response.writeHead(500).end()));
}

function parseHeaders(text: string): Map<string, string> {
  return new Map(
    text.split("\r\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function withoutStatus(headers: ReadonlyMap<string, string>): Map<string, string> {
  const rest = new Map(headers);
  rest.delete("status");
  return rest;
}
