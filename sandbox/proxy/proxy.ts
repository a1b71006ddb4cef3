import { request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { ResourcePath } from "../http/route.ts";
import { listAt, numberAt, textAt } from "../object.ts";
import { methodNotAllowed, notFound, StatusError } from "../status.ts";
import type { ApiRequest, World } from "../world.ts";
import type { ProxyAnswer, ProxyRequest, ServiceTarget } from "./service-targets.ts";

const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Never passed on: they are about this connection, or about who speaks to the API server. */
const OWN_HEADERS = new Set([
  "host",
  "connection",
  "authorization",
  "transfer-encoding",
  "content-length",
  "keep-alive",
  "upgrade",
]);

/**
 * `…/services/[scheme:]NAME[:PORT]/proxy/REST`: passes a request on to what is registered behind the Service, else to a
 * loopback address that its Endpoints name.
 */
export async function proxyToService(
  world: World,
  path: ResourcePath,
  request: ApiRequest,
  headers: IncomingHttpHeaders,
  response: ServerResponse,
): Promise<void> {
  if (path.namespace === undefined || path.name === undefined) throw methodNotAllowed();
  const { name, port } = parseServiceName(path.name);
  const namespace = path.namespace;
  if (world.store.get("/services", `${namespace}/${name}`) === undefined) {
    throw notFound({ group: "", plural: "services" }, name);
  }
  const target = world.services.find(namespace, name, port) ?? endpointTarget(world, namespace, name, port);
  if (target === undefined) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  const passed: ProxyRequest = {
    method: request.method,
    path: `${path.rest}${request.query.size === 0 ? "" : `?${request.query.toString()}`}`,
    headers: passedHeaders(headers),
    body: request.body,
  };
  const answer = await callTarget(target, passed);
  const own = Object.entries(answer.headers ?? {}).filter(([key]) => !OWN_HEADERS.has(key.toLowerCase()));
  response.writeHead(answer.status, { ...Object.fromEntries(own), "Content-Length": Buffer.byteLength(answer.body) });
  response.end(answer.body);
}

/** `name`, `name:port`, `scheme:name:port`. */
function parseServiceName(text: string): { readonly name: string; readonly port: string } {
  const parts = text.split(":");
  if (parts.length === 3) return { name: parts[1] ?? "", port: parts[2] ?? "" };
  return { name: parts[0] ?? "", port: parts[1] ?? "" };
}

function endpointTarget(world: World, namespace: string, name: string, port: string): ServiceTarget | undefined {
  const endpoints = world.store.get("/endpoints", `${namespace}/${name}`);
  for (const subset of listAt(endpoints, "subsets")) {
    const ports = listAt(subset, "ports");
    const chosen =
      ports.find((entry) => textAt(entry, "name") === port || String(numberAt(entry, "port")) === port) ?? ports[0];
    const number = numberAt(chosen, "port");
    const local = listAt(subset, "addresses").some((address) => textAt(address, "ip").startsWith("127."));
    if (number !== undefined && local) return { loopbackPort: number };
  }
  return undefined;
}

function passedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers)
    .filter(([key]) => !OWN_HEADERS.has(key) && !key.startsWith("impersonate-"))
    .map(([key, value]) => [key, Array.isArray(value) ? value.join(", ") : (value ?? "")]);
  return { ...Object.fromEntries(kept), "x-forwarded-for": "127.0.0.1" };
}

async function callTarget(target: ServiceTarget, request: ProxyRequest): Promise<ProxyAnswer> {
  if (typeof target !== "function") return callLoopback(target.loopbackPort, request);
  try {
    return await target(request);
  } catch (error) {
    throw unavailable(`error trying to reach service: ${error instanceof Error ? error.message : "it failed"}`);
  }
}

function callLoopback(port: number, request: ProxyRequest): Promise<ProxyAnswer> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      {
        host: "127.0.0.1",
        port,
        method: request.method,
        path: request.path,
        headers: { ...request.headers, "content-length": request.body.length },
        timeout: TIMEOUT_MS,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) call.destroy(new Error("its answer is too large"));
          chunks.push(chunk);
        });
        answer.on("end", () => {
          const headers = Object.fromEntries(
            Object.entries(answer.headers).map(([key, value]) => [
              key,
              Array.isArray(value) ? value.join(", ") : (value ?? ""),
            ]),
          );
          resolve({ status: answer.statusCode ?? 502, headers, body: Buffer.concat(chunks) });
        });
        answer.on("error", fail);
      },
    );
    const fail = (error: Error & { code?: string }): void => {
      const why =
        error.code === "ECONNREFUSED" ? `dial tcp 127.0.0.1:${port}: connect: connection refused` : error.message;
      reject(unavailable(`error trying to reach service: ${why}`));
    };
    call.on("timeout", () => call.destroy(new Error("i/o timeout")));
    call.on("error", fail);
    call.end(request.body);
  });
}

const unavailable = (message: string) => new StatusError({ code: 503, reason: "ServiceUnavailable", message });
