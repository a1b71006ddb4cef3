import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface RegistryOptions {
  readonly auth?: "none" | "basic" | "bearer" | undefined;
  /** Longest body of one request; a longer one gets 413. */
  readonly maxBodyBytes?: number | undefined;
  /** Told when an upload begins; a smaller chunk that is not the last is refused. */
  readonly minChunkBytes?: number | undefined;
  /** Blobs are on another origin, which takes nobody's login. */
  readonly redirectsBlobs?: boolean | undefined;
}

export interface Registry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  /** By `repository:tag` and `repository@digest`. */
  readonly manifests: Map<string, Buffer>;
  readonly requests: string[];
  /** What is answered to the next requests of a method, in place of the registry; taken off one by one. */
  readonly instead: { method: string; status: number; body?: unknown; headers?: Record<string, string> }[];
  close(): Promise<void>;
}

export const REGISTRY_USER = "ann";
export const REGISTRY_PASSWORD = "hunter2:x";
/** Exchanged for tokens by POST. */
export const IDENTITY_TOKEN = "canary-identity-token";
export const REGISTRY_TOKEN = "canary-registry-token";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/**
 * A registry on loopback that takes what the distribution specification 1.1 allows, and nothing else: what is missing,
 * out of order or of another type is refused with its error codes.
 */
export async function startRegistry({ auth = "bearer", ...options }: RegistryOptions = {}): Promise<Registry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  const requests: string[] = [];
  const instead: Registry["instead"] = [];
  const uploads = new Map<string, Buffer>();
  const registry = { host: "", blobs, manifests, requests, instead };
  let begun = 0;

  interface Asked {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly url: URL;
    readonly body: Buffer;
  }

  const refuse = ({ response }: Asked, status: number, code: string, message = code.toLowerCase()) =>
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify({ errors: [{ code, message }] }));

  const mayDo = ({ request, url }: Asked): boolean => {
    const given = request.headers.authorization;
    if (auth === "none") return given === undefined;
    if (auth === "basic")
      return given === `Basic ${Buffer.from(`${REGISTRY_USER}:${REGISTRY_PASSWORD}`).toString("base64")}`;
    const [, repository = ""] = /^\/v2\/(.+)\/(?:blobs|manifests)\//.exec(url.pathname) ?? [];
    const right = ["GET", "HEAD"].includes(request.method ?? "") ? /pull/ : /push/;
    const [, token = ""] = /^Bearer (.+)$/.exec(given ?? "") ?? [];
    if (token === REGISTRY_TOKEN) return true;
    const [, scoped = "", actions = ""] = /^for\.(.+)\.([a-z-]+)$/.exec(token) ?? [];
    return scoped === repository.replaceAll("/", "_") && right.test(actions);
  };

  const giveToken = (asked: Asked) => {
    const { request, response, url, body } = asked;
    const form = request.method === "POST" ? new URLSearchParams(body.toString()) : url.searchParams;
    const basic = `Basic ${Buffer.from(`${REGISTRY_USER}:${REGISTRY_PASSWORD}`).toString("base64")}`;
    const isKnown =
      request.method === "POST"
        ? form.get("grant_type") === "refresh_token" &&
          form.get("refresh_token") === IDENTITY_TOKEN &&
          form.has("client_id")
        : request.headers.authorization === basic;
    const [, repository, actions] = /^repository:([^:]+):([a-z,]+)$/.exec(form.get("scope") ?? "") ?? [];
    if (!isKnown || repository === undefined || form.get("service") !== "test registry") {
      return refuse(asked, 401, "UNAUTHORIZED", `authentication required, not ${IDENTITY_TOKEN}`);
    }
    const token = `for.${repository.replaceAll("/", "_")}.${actions?.replace(",", "-")}`;
    response.end(JSON.stringify(request.method === "POST" ? { access_token: token } : { token }));
  };

  const upload = (asked: Asked) => {
    const { request, response, url, body } = asked;
    const [, repository = "", id = ""] = /^\/v2\/(.+)\/blobs\/uploads\/(.*)$/.exec(url.pathname) ?? [];
    if (request.method === "POST" && id === "") {
      const name = `upload-${++begun}`;
      uploads.set(name, Buffer.alloc(0));
      const least =
        options.minChunkBytes === undefined ? {} : { "oci-chunk-min-length": String(options.minChunkBytes) };
      return response
        .writeHead(202, { location: `/v2/${repository}/blobs/uploads/${name}?_state=a%20b~c+d`, ...least })
        .end();
    }
    const had = uploads.get(id);
    if (had === undefined) return refuse(asked, 404, "BLOB_UPLOAD_UNKNOWN");
    // A state that was signed has to come back byte by byte.
    if (!/^\?_state=a%20b~c\+d(&digest=|$)/.test(url.search)) return refuse(asked, 400, "BLOB_UPLOAD_INVALID");
    if (request.headers["content-type"] !== "application/octet-stream")
      return refuse(asked, 400, "BLOB_UPLOAD_INVALID");
    if (body.length > (options.maxBodyBytes ?? Number.POSITIVE_INFINITY)) return response.writeHead(413).end("<html>");
    const whole = Buffer.concat([had, body]);
    if (request.method === "PATCH") {
      if (request.headers["content-range"] !== `${had.length}-${whole.length - 1}`)
        return refuse(asked, 416, "BLOB_UPLOAD_INVALID");
      uploads.set(id, whole);
      const next = `${url.pathname}${url.search}`;
      return response.writeHead(202, { location: next, range: `0-${whole.length - 1}` }).end();
    }
    if (request.method !== "PUT") return refuse(asked, 405, "UNSUPPORTED");
    if (url.searchParams.get("digest") !== digestOf(whole)) return refuse(asked, 400, "DIGEST_INVALID");
    uploads.delete(id);
    blobs.set(digestOf(whole), whole);
    response.writeHead(201, { location: `/v2/${repository}/blobs/${digestOf(whole)}` }).end();
  };

  const manifest = (asked: Asked) => {
    const { request, response, url, body } = asked;
    const [, repository = "", reference = ""] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname) ?? [];
    const key = (name: string) => `${repository}${name.startsWith("sha256:") ? "@" : ":"}${name}`;
    if (request.method === "PUT") {
      const { config, layers, mediaType } = JSON.parse(body.toString());
      if (request.headers["content-type"] !== MANIFEST || mediaType !== MANIFEST)
        return refuse(asked, 400, "MANIFEST_INVALID");
      const isWhole = [config, ...layers].every(({ digest, size }) => blobs.get(digest)?.length === size);
      if (!isWhole) return refuse(asked, 404, "MANIFEST_BLOB_UNKNOWN");
      for (const name of [reference, digestOf(body)]) manifests.set(key(name), body);
      return response.writeHead(201, { "docker-content-digest": digestOf(body) }).end();
    }
    const found = manifests.get(key(reference));
    if (request.headers.accept?.includes(MANIFEST) !== true) return refuse(asked, 404, "MANIFEST_UNKNOWN");
    if (found === undefined) return refuse(asked, 404, "MANIFEST_UNKNOWN", "manifest unknown");
    response.writeHead(200, { "content-type": MANIFEST, "docker-content-digest": digestOf(found) }).end(found);
  };

  const blob = (asked: Asked) => {
    const { request, response, url } = asked;
    const found = blobs.get(/sha256:.*$/.exec(url.pathname)?.[0] ?? "");
    if (found === undefined) return refuse(asked, 404, "BLOB_UNKNOWN");
    if (request.method === "HEAD") return response.writeHead(200, { "content-length": found.length }).end();
    if (options.redirectsBlobs === true) {
      const location = `http://localhost:${registry.host.split(":")[1]}/storage/${url.pathname.split("/").at(-1)}?signature=s`;
      return response.writeHead(307, { location }).end("a".repeat(1000));
    }
    response.end(found);
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const url = new URL(request.url ?? "/", `http://${registry.host}`);
    const asked: Asked = { request, response, url, body: Buffer.concat(parts) };
    requests.push(`${request.method} ${url.pathname}`);
    const [told] = instead.filter(({ method }) => method === request.method);
    if (told !== undefined) {
      instead.splice(instead.indexOf(told), 1);
      return response
        .writeHead(told.status, told.headers)
        .end(typeof told.body === "string" ? told.body : JSON.stringify(told.body ?? ""));
    }
    if (url.pathname === "/token") return giveToken(asked);
    if (url.pathname.startsWith("/storage/")) {
      const isStranger = request.headers.authorization === undefined && url.search === "?signature=s";
      return isStranger ? response.end(blobs.get(url.pathname.split("/").at(-1) ?? "")) : response.writeHead(400).end();
    }
    if (!mayDo(asked)) {
      const challenge =
        auth === "basic"
          ? 'Basic realm="test"'
          : `Bearer realm="http://${registry.host}/token",service="test registry"`;
      response.setHeader("www-authenticate", challenge);
      return refuse(asked, 401, "UNAUTHORIZED", "authentication required");
    }
    if (url.pathname.includes("/blobs/uploads/")) return upload(asked);
    return url.pathname.includes("/blobs/") ? blob(asked) : manifest(asked);
  };

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  registry.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(registry, {
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}
