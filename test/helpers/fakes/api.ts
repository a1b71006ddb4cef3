import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";

/** What a client asked for, in the parts that matter to the server. */
export interface AskedRequest {
  readonly method: string;
  readonly url: string;
  /** Only those that say who asks and for what: `accept`, `content-type`, `authorization`, `impersonate-*`; and the common name of a client certificate. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

export interface FakeApi {
  readonly url: string;
  /** Since the last `forget`. */
  readonly requests: AskedRequest[];
  forget(): void;
  close(): Promise<void>;
}

export interface FakeApiOptions {
  /** PEM text at `/v1/cert.pem`, by namespace of the controller; `*` stands for all others. */
  readonly certificates: Readonly<Record<string, string>>;
  /** Serves HTTPS with these. */
  readonly tls?: ServerOptions;
}

/**
 * An API server with nothing but a controller behind its service proxy, on loopback. The controller's namespace says how
 * it behaves: `ANSWERS` and `SERVICES` name the odd ones, all others are a good controller that opens what carries no
 * annotation `fake: undecryptable`; `slow` never answers.
 */
export async function startFakeApi({ certificates, tls }: FakeApiOptions): Promise<FakeApi> {
  const requests: AskedRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const asked = { method: request.method ?? "", url: request.url ?? "", headers: telling(request) };
      requests.push({ ...asked, body: Buffer.concat(chunks).toString("utf8") });
      answer(requests, response, certificates);
    });
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    requests,
    forget: () => void requests.splice(0),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const SERVICE = /^(?:\/clusters\/a)?\/api\/v1\/namespaces\/([^/]+)\/services\/([^/]+)$/;
const PROXY = /^(?:\/clusters\/a)?\/api\/v1\/namespaces\/([^/]+)\/services\/([^/]+)\/proxy(\/.*)$/;

/** How a Service looks or fails, by namespace. */
export const SERVICES: Readonly<Record<string, (response: ServerResponse, name: string) => void>> = {
  named: (response) => json(response, 200, service([{ name: "http", port: 8080 }])),
  several: (response) => json(response, 200, service([{ name: "web", port: 80 }, { port: 8080 }])),
  portless: (response) => json(response, 200, service([])),
  specless: (response) => json(response, 200, { kind: "Service", apiVersion: "v1", metadata: {} }),
  gone: (response, name) => status(response, 404, "NotFound", `services "${name}" not found`),
  forbidden: (response) =>
    status(response, 403, "Forbidden", 'services "x" is forbidden: User "lim" cannot get resource "services"'),
  unauthorized: (response) => status(response, 401, "Unauthorized", "Unauthorized"),
  outage: (response) => plain(response, 500, "something broke\n"),
  away: (response) => plain(response, 503, ""),
  silent: (response) => plain(response, 500, ""),
  nowhere: (response) => plain(response, 404, "404 page not found\n"),
  login: (response) => plain(response, 200, "<html>log in</html>"),
  crowded: (response) => plain(response, 429, "slow down"),
};

/** How what is behind the proxy fails, by namespace. */
export const ANSWERS: Readonly<Record<string, (response: ServerResponse, count: number) => void>> = {
  "proxy-forbidden": (response) =>
    status(
      response,
      403,
      "Forbidden",
      'services "http:sealed-secrets-controller:" is forbidden: User "lim" cannot get resource "services/proxy" in API group "" in the namespace "kube-system"',
    ),
  "proxy-away": (response) =>
    status(response, 503, "ServiceUnavailable", 'no endpoints available for service "http:sealed-secrets-controller:"'),
  "proxy-unreachable": (response) =>
    plain(response, 503, "error trying to reach service: dial tcp 10.77.0.1:31499: connect: connection refused"),
  "proxy-nowhere": (response) => plain(response, 404, "404 page not found\n"),
  "proxy-silent": (response) => plain(response, 500, ""),
  "proxy-broken": (response) => plain(response, 500, "cannot get certificate\n"),
  "proxy-bad": (response) => plain(response, 400, ""),
  "proxy-gateway": (response) => plain(response, 502, "<html>bad gateway</html>"),
  "proxy-teapot": (response) => plain(response, 418, "short and stout"),
  "proxy-conflict": (response) => plain(response, 409, ""),
  "proxy-unauthorized": (response) => status(response, 401, "Unauthorized", "Unauthorized"),
  "proxy-busy": (response) => plain(response, 429, "limit exceeded\n"),
  "proxy-always-busy": (response) => plain(response, 429, "limit exceeded\n", { "Retry-After": "0" }),
  "proxy-empty": (response) => plain(response, 200, ""),
  "proxy-object": (response) => plain(response, 200, "{}"),
  "proxy-garbage": (response) => plain(response, 200, "<html>log in</html>"),
  "proxy-list": (response) => plain(response, 200, "[1]"),
  "proxy-created": (response) => plain(response, 201, "{}"),
};

function answer(
  requests: readonly AskedRequest[],
  response: ServerResponse,
  certificates: Readonly<Record<string, string>>,
): void {
  const { url: asked = "", body = "" } = requests.at(-1) ?? {};
  const url = asked.split("?")[0] ?? "";
  const [, serviceNamespace = "", name = ""] = SERVICE.exec(url) ?? [];
  if (serviceNamespace !== "") {
    (SERVICES[serviceNamespace] ?? ((to) => json(to, 200, service([{ port: 8080 }]))))(response, name);
    return;
  }
  const [, namespace = "", , path = ""] = PROXY.exec(url) ?? [];
  const count = requests.filter((request) => request.url === asked).length;
  // Busy for one request only.
  if (namespace === "proxy-busy-once" && count === 1) {
    plain(response, 429, "limit exceeded\n", { "Retry-After": "1" });
    return;
  }
  if (namespace === "slow") return;
  const fail = ANSWERS[namespace];
  if (fail !== undefined) fail(response, count);
  else if (path === "/v1/cert.pem") plain(response, 200, certificates[namespace] ?? certificates["*"] ?? "");
  else if (path === "/v1/verify") plain(response, body.includes("undecryptable") ? 409 : 200, "");
  else if (path === "/v1/rotate") rotate(response, body);
  else plain(response, 404, "404 page not found\n");
}

/** Like the original: without kind and version, without templates; nothing is sealed anew. */
function rotate(response: ServerResponse, body: string): void {
  if (body.includes("undecryptable")) {
    plain(response, 500, "");
    return;
  }
  const { metadata, spec } = parsed(body);
  plain(
    response,
    200,
    JSON.stringify({ metadata, spec: { ...spec, template: { ...spec?.template, data: undefined } } }),
  );
}

function parsed(body: string) {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

function service(ports: readonly object[]) {
  return { kind: "Service", apiVersion: "v1", metadata: { name: "sealed-secrets-controller" }, spec: { ports } };
}

function status(response: ServerResponse, code: number, reason: string, message: string): void {
  json(response, code, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code });
}

function json(response: ServerResponse, code: number, value: object): void {
  response.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

function plain(response: ServerResponse, code: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(code, { "Content-Type": "text/plain; charset=utf-8", ...headers }).end(text);
}

function telling({ headers, socket }: IncomingMessage): Record<string, string | readonly string[]> {
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
  const names = Object.keys(headers).filter((name) =>
    /^(accept|content-type|authorization|impersonate-.*)$/.test(name),
  );
  return {
    ...Object.fromEntries(names.sort().map((name) => [name, headers[name] ?? ""])),
    ...(subject === undefined ? {} : { "(client certificate)": String(subject.CN) }),
  };
}

/** A kubeconfig with one context; `user` as in `users[].user`. */
export function kubeconfigOf(
  server: string,
  more: { cluster?: object; user?: object; namespace?: string } = {},
): string {
  const context = { cluster: "c", user: "u", ...(more.namespace === undefined ? {} : { namespace: more.namespace }) };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "x",
    clusters: [{ name: "c", cluster: { server, ...more.cluster } }],
    users: [{ name: "u", user: more.user ?? { token: "t" } }],
    contexts: [{ name: "x", context }],
  });
}
