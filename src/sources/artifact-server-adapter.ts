import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { SourceError } from "./errors.ts";
import { isStoragePath } from "./storage-adapter.ts";

export interface ArtifactServer {
  /** `host:port` it listens on. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves stored artifacts over plain HTTP: GET and HEAD of exact files, no listings, nothing outside the root.
 *
 * Whoever reaches it can read every artifact, as with Flux: keep it on loopback or behind a NetworkPolicy.
 *
 * @throws {SourceError} `SOURCE_LISTEN`.
 */
export async function serveArtifacts(
  root: string,
  { host = "127.0.0.1", port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<ArtifactServer> {
  const server = createServer((request, response) => {
    answer(root, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(`${host}:${port}`, cause)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    address: `${host.includes(":") ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function cannotListen(address: string, cause: unknown): SourceError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
  const why = code === "EADDRINUSE" ? "the port is in use" : code;
  return new SourceError("SOURCE_LISTEN", `Cannot serve artifacts on ${address}: ${why}`, {
    hints: ["choose another address with --storage-addr"],
    cause,
  });
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "").replace(/^\//, "").replace(/\?.*$/, "");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const file = join(root, path);
  const found = isStoragePath(path) ? await lstat(file).catch(() => undefined) : undefined;
  if (found === undefined || !found.isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "content-type": path.endsWith("gz") ? "application/gzip" : "application/octet-stream",
    "content-length": found.size,
    "x-content-type-options": "nosniff",
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  createReadStream(file)
    .on("error", () => response.destroy())
    .pipe(response);
}
