import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { SandboxError } from "./errors.ts";
import type { ServerIdentity } from "./tls/certificates.ts";

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Loopback only: whoever reaches this server with its token may do anything. */
const HOST = "127.0.0.1";

/**
 * Listens with TLS on this machine's loopback. Port 0 lets the system choose.
 *
 * @throws SandboxError SANDBOX_PORT_IN_USE, SANDBOX_CANNOT_LISTEN
 */
export async function listen(
  identity: ServerIdentity,
  port: number,
  handler: (message: IncomingMessage, response: ServerResponse) => void,
): Promise<RunningServer> {
  const server = createServer(
    { key: identity.keyPem, cert: identity.certificatePem, ALPNProtocols: ["http/1.1"] },
    handler,
  );
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 70_000;
  server.requestTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, port)));
    server.listen(port, HOST, resolve);
  });
  return { port: portOf(server), close: () => close(server) };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}

function explain(error: Error & { code?: string }, port: number): SandboxError {
  const object = `Cannot start the sandbox on ${HOST}:${port}`;
  if (error.code === "EADDRINUSE") {
    return new SandboxError("SANDBOX_PORT_IN_USE", `${object}: the port is in use`, {
      hints: ["choose another port with --port, or leave it out to get a free one"],
      cause: error,
    });
  }
  return new SandboxError("SANDBOX_CANNOT_LISTEN", `${object}: ${error.code ?? "it cannot listen there"}`, {
    hints: ["ports below 1024 are reserved; choose a higher one with --port"],
    cause: error,
  });
}
