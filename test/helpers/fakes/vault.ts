import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import type { Service, WireAnswer, WireRequest } from "./wire.ts";

export interface FakeVault {
  readonly service: Service;
  /** What key/value engines hold: `secret/apps/db` → value. */
  readonly secrets: Map<string, unknown>;
}

export interface FakeVaultOptions {
  readonly token: string;
  readonly namespace?: string;
  /** `engine/key name` of the transit keys there are. */
  readonly keys: readonly string[];
  /** For `auth/kubernetes/login`. */
  readonly kubernetes?: {
    readonly role: string;
    /** The token that it takes, or whether it takes one. */
    readonly jwt: string | ((jwt: string) => boolean | Promise<boolean>);
    readonly leaseSeconds: number;
  };
  readonly kvVersion?: 1 | 2;
}

/**
 * A server with transit engines, a key/value engine and a Kubernetes login, as strict as the real one or stricter. It
 * wraps with AES-GCM under a key of its own, so that only what was encrypted with a key is decrypted with it.
 */
export function fakeVault(options: FakeVaultOptions): FakeVault {
  const secrets = new Map<string, unknown>();
  const service: Service = (request) => {
    const path = request.url.pathname
      .replace(/^\/v1\//, "")
      .split("/")
      .map(decodeURIComponent)
      .join("/");
    const problem = headerProblem(request, options);
    if (problem !== undefined) return no(400, `fake: ${problem}`);
    if (path === "auth/kubernetes/login") return logIn(request, options);
    if (request.headers.get("x-vault-token") !== options.token) {
      return no(403, "1 error occurred:\n\t* permission denied\n\n");
    }
    const [, engine = "", verb = "", name = ""] = /^(.+)\/(encrypt|decrypt)\/([^/]+)$/.exec(path) ?? [];
    if (verb !== "") return transit(request, { verb, id: `${engine}/${name}`, known: options.keys });
    return keyValue(request, path, { secrets, version: options.kvVersion ?? 2 });
  };
  return { service, secrets };
}

function headerProblem(
  { method, url, headers, body }: WireRequest,
  { namespace }: FakeVaultOptions,
): string | undefined {
  if (!url.pathname.startsWith("/v1/")) return `path ${url.pathname}`;
  if (url.search !== "") return `query ${url.search}`;
  if (headers.get("x-vault-request") !== "true") return "no X-Vault-Request";
  if (headers.get("x-vault-namespace") !== namespace) return "wrong namespace";
  if (headers.has("authorization")) return "Authorization is not for Vault";
  if ((body === "") !== (method === "GET")) return `${method} with a body of ${body.length}`;
  return undefined;
}

interface TransitCall {
  readonly verb: string;
  readonly id: string;
  readonly known: readonly string[];
}

function transit({ method, body }: WireRequest, { verb, id, known }: TransitCall): WireAnswer {
  if (method !== "PUT" && method !== "POST") return no(405, "unsupported operation");
  const wanted = verb === "encrypt" ? "plaintext" : "ciphertext";
  const fields = JSON.parse(body) as Record<string, unknown>;
  if (Object.keys(fields).join() !== wanted) return no(400, `fake: fields ${Object.keys(fields).join()}`);
  const text = fields[wanted];
  if (typeof text !== "string") return no(400, `fake: ${wanted} is no text`);
  if (!known.includes(id)) return no(400, "encryption key not found");
  if (verb === "encrypt") {
    const plain = Buffer.from(text, "base64");
    if (plain.toString("base64") !== text) return no(400, "illegal base64 data at input byte 0");
    return { status: 200, body: { data: { ciphertext: `vault:v1:${wrap(id, plain)}`, key_version: 1 } } };
  }
  const [prefix, version, wrapped = ""] = text.split(":");
  if (prefix !== "vault") return no(400, "invalid ciphertext: no prefix");
  if (version !== "v1") return no(400, "invalid ciphertext: version is too new");
  const plain = unwrap(id, wrapped);
  if (plain === undefined) return no(400, "cipher: message authentication failed");
  return { status: 200, body: { data: { plaintext: plain.toString("base64") } } };
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

const keyOf = (id: string) => createHash("sha256").update(`fake vault key ${id}`).digest();

function wrap(id: string, plain: Uint8Array): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", keyOf(id), iv);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString("base64");
}

function unwrap(id: string, wrapped: string): Buffer | undefined {
  const bytes = Buffer.from(wrapped, "base64");
  if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString("base64") !== wrapped) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", keyOf(id), bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

interface KvStore {
  readonly secrets: Map<string, unknown>;
  readonly version: 1 | 2;
}

function keyValue({ method, body }: WireRequest, path: string, { secrets, version }: KvStore): WireAnswer {
  if (!path.startsWith("secret/")) return no(404, `no handler for route "${path}". route entry not found.`);
  if (version === 2 && !path.startsWith("secret/data/"))
    return no(404, "Invalid path for a versioned K/V secrets engine");
  const place = path.replace("secret/data/", "secret/");
  if (method === "GET") {
    const value = secrets.get(place);
    if (value === undefined) return { status: 404, body: { errors: [] } };
    return { status: 200, body: { data: version === 2 ? { data: value, metadata: { version: 1 } } : value } };
  }
  if (method !== "PUT" && method !== "POST") return no(405, "unsupported operation");
  const sent = JSON.parse(body) as Record<string, unknown>;
  if (version === 2 && Object.keys(sent).join() !== "data") return no(400, "no data provided");
  secrets.set(place, version === 2 ? sent["data"] : sent);
  return version === 2 ? { status: 200, body: { data: { version: 1 } } } : { status: 204 };
}

async function logIn(
  { method, headers, body }: WireRequest,
  { kubernetes, token }: FakeVaultOptions,
): Promise<WireAnswer> {
  if (method !== "PUT" && method !== "POST") return no(405, "unsupported operation");
  if (headers.has("x-vault-token")) return no(400, "fake: a login needs no token");
  const fields = JSON.parse(body) as Record<string, unknown>;
  if (Object.keys(fields).sort().join() !== "jwt,role") return no(400, `fake: fields ${Object.keys(fields).join()}`);
  if (kubernetes === undefined) return no(404, 'no handler for route "auth/kubernetes/login". route entry not found.');
  if (fields["role"] !== kubernetes.role) return no(400, `invalid role name "${fields["role"]}"`);
  const { jwt } = kubernetes;
  const shown = String(fields["jwt"]);
  if (!(typeof jwt === "string" ? shown === jwt : await jwt(shown))) return no(403, "permission denied");
  return {
    status: 200,
    body: { auth: { client_token: token, lease_duration: kubernetes.leaseSeconds, renewable: true } },
  };
}

function no(status: number, error: string): WireAnswer {
  return { status, body: { errors: [error] } };
}
