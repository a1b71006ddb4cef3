import { primitives } from "#primitives";
import { encodeBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { OciError } from "./errors.ts";
import type { OciPorts, OciResponse, RegistryLogin } from "./ports.ts";
import { type OciReference, referenceText } from "./reference.ts";

export interface RegistryOptions {
  readonly login?: RegistryLogin | undefined;
}

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
/** An artifact without a configuration. Source: OCI image specification 1.1, guidance for artifacts. */
const EMPTY_TYPE = "application/vnd.oci.empty.v1+json";
const EMPTY = encodeUtf8("{}");
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_BLOB_BYTES = 64 * 1024 * 1024;
const MAX_TOKEN_BYTES = 256 * 1024;
const MAX_REDIRECTS = 5;
const TIMEOUT_MS = 120_000;

/**
 * Puts one file as an artifact of one layer under a tag; what was there before loses the tag. Returns the digest of the
 * manifest.
 *
 * @throws {OciError}
 */
export async function pushFile(
  ports: OciPorts,
  reference: OciReference,
  file: { readonly content: Uint8Array; readonly mediaType: string; readonly artifactType: string },
  options: RegistryOptions = {},
): Promise<string> {
  const session = new Session(ports, reference, "pull,push", options);
  for (const content of [EMPTY, file.content]) await pushBlob(session, content);
  const manifest = encodeUtf8(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      artifactType: file.artifactType,
      config: { mediaType: EMPTY_TYPE, digest: digestOf(EMPTY), size: EMPTY.length },
      layers: [{ mediaType: file.mediaType, digest: digestOf(file.content), size: file.content.length }],
    }),
  );
  const url = session.url(`manifests/${reference.tag}`);
  await session.ask("PUT", url, { wanted: [201, 200], body: manifest, headers: { "content-type": MANIFEST_TYPE } });
  return digestOf(manifest);
}

/** The file of an artifact with one layer; undefined when the tag is not there. @throws {OciError} */
export async function pullFile(
  ports: OciPorts,
  reference: OciReference,
  options: RegistryOptions = {},
): Promise<Uint8Array | undefined> {
  const session = new Session(ports, reference, "pull", options);
  const url = session.url(`manifests/${reference.tag}`);
  const headers = { accept: MANIFEST_TYPE };
  const answer = await session.ask("GET", url, { wanted: [200, 404], headers, maxBytes: MAX_MANIFEST_BYTES });
  if (answer.status === 404) return undefined;
  const { digest, size } = layerOf(answer.body, session);
  if (size > MAX_BLOB_BYTES) throw session.failed("OCI_TOO_LARGE", `it has ${size} bytes`);
  const blob = await session.ask("GET", session.url(`blobs/${digest}`), { wanted: [200], maxBytes: size });
  if (digestOf(blob.body) !== digest) throw session.failed("OCI_PROTOCOL", "its bytes are not those of its digest");
  return blob.body;
}

async function pushBlob(session: Session, content: Uint8Array): Promise<void> {
  const digest = digestOf(content);
  const there = await session.ask("HEAD", session.url(`blobs/${digest}`), { wanted: [200, 404] });
  if (there.status === 200) return;
  const begun = await session.ask("POST", session.url("blobs/uploads/"), { wanted: [202] });
  const location = begun.header("location");
  if (location === undefined) throw session.failed("OCI_PROTOCOL", "it does not say where to upload to");
  const target = session.resolve(location);
  target.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  await session.ask("PUT", target, { wanted: [201], body: content, headers });
}

/** The only layer of a manifest. */
function layerOf(body: Uint8Array, session: Session): { readonly digest: string; readonly size: number } {
  const manifest = jsonOf(body);
  const layers: unknown = fieldOf(manifest, "layers");
  const [layer, ...others]: readonly unknown[] = Array.isArray(layers) ? layers : [];
  const digest = fieldOf(layer, "digest");
  const size = fieldOf(layer, "size");
  const isWell = typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest) && Number.isSafeInteger(size);
  if (!isWell || others.length > 0 || typeof size !== "number" || size < 0) {
    throw session.failed("OCI_PROTOCOL", "it is no artifact with one file");
  }
  return { digest, size };
}

interface Request {
  readonly wanted: readonly number[];
  readonly body?: Uint8Array | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly maxBytes?: number | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  header(name: string): string | undefined;
}

/** Requests about one repository, with the token that the registry gave for it. */
class Session {
  readonly #ports: OciPorts;
  readonly #reference: OciReference;
  readonly #actions: string;
  readonly #login: RegistryLogin | undefined;
  readonly #base: string;
  #authorization: string | undefined;

  constructor(ports: OciPorts, reference: OciReference, actions: string, { login }: RegistryOptions) {
    this.#ports = ports;
    this.#reference = reference;
    this.#actions = actions;
    this.#login = login;
    const isLoopback = /^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(reference.registry);
    this.#base = `${isLoopback ? "http" : "https"}://${reference.registry}`;
  }

  url(path: string): URL {
    return new URL(`${this.#base}/v2/${this.#reference.repository}/${path}`);
  }

  /** Where a `Location` leads: never from https to http. */
  resolve(location: string, from: URL = this.url("")): URL {
    const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    if (target === undefined || !/^https?:$/.test(target.protocol)) {
      throw this.failed("OCI_PROTOCOL", "it sends us to no address");
    }
    if (from.protocol === "https:" && target.protocol !== "https:") {
      throw this.failed("OCI_PROTOCOL", "it sends us from https to http");
    }
    return target;
  }

  async ask(method: string, url: URL, request: Request): Promise<Answer> {
    let answer = await this.#follow(method, url, request);
    if (answer.status === 401) {
      await this.#logIn(answer);
      answer = await this.#follow(method, url, request);
    }
    if (request.wanted.includes(answer.status)) return answer;
    const code =
      answer.status === 401 || answer.status === 403
        ? "OCI_DENIED"
        : answer.status === 404
          ? "OCI_NOT_FOUND"
          : "OCI_PROTOCOL";
    throw this.failed(code, `the registry answers ${answer.status} to ${method}`);
  }

  failed(code: OciError["code"], state: string, cause?: unknown): OciError {
    const who = this.#login === undefined ? "no login was given for it" : `logged in as ${this.#login.username}`;
    return new OciError(code, `Cannot use ${referenceText(this.#reference)}: ${state}`, {
      cause,
      details: code === "OCI_DENIED" ? [who] : [],
      hints: code === "OCI_DENIED" ? [`docker login ${this.#reference.registry}`] : [],
    });
  }

  async #follow(method: string, first: URL, request: Request): Promise<Answer> {
    let url = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const isHome = url.origin === new URL(this.#base).origin;
      // A storage that we are sent to signs its own addresses: our login is not for it.
      const login = isHome && this.#authorization !== undefined ? { authorization: this.#authorization } : {};
      const answer = await this.#send(method, url, { ...request, headers: { ...request.headers, ...login } });
      const location = answer.header("location");
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined || method === "PUT")
        return answer;
      url = this.resolve(location, url);
    }
    throw this.failed("OCI_PROTOCOL", "it sends us on and on");
  }

  /** Source: OCI distribution, token authentication: `WWW-Authenticate: Bearer realm=…,service=…`. */
  async #logIn(refusal: Answer): Promise<void> {
    const challenge = refusal.header("www-authenticate") ?? "";
    const basic =
      this.#login === undefined
        ? undefined
        : `Basic ${encodeBase64(encodeUtf8(`${this.#login.username}:${this.#login.password}`))}`;
    if (/^basic\b/i.test(challenge)) {
      this.#authorization = basic;
      return;
    }
    const realm = parameterOf(challenge, "realm");
    if (!/^bearer\b/i.test(challenge) || realm === undefined) {
      throw this.failed("OCI_DENIED", "the registry does not say how to log in");
    }
    const url = this.resolve(realm, new URL(this.#base));
    const service = parameterOf(challenge, "service");
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.set("scope", `repository:${this.#reference.repository}:${this.#actions}`);
    const headers = basic === undefined ? {} : { authorization: basic };
    const answer = await this.#send("GET", url, { wanted: [200], headers, maxBytes: MAX_TOKEN_BYTES });
    const body = jsonOf(answer.body);
    const token = fieldOf(body, "token") ?? fieldOf(body, "access_token");
    if (answer.status !== 200 || typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
      throw this.failed("OCI_DENIED", "the registry gives no token");
    }
    this.#authorization = `Bearer ${token}`;
  }

  async #send(method: string, url: URL, { body, headers, maxBytes = MAX_TOKEN_BYTES }: Request): Promise<Answer> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const { signal } = this.#ports;
    try {
      const response = await this.#ports.fetch(url.href, {
        method,
        headers: { ...headers },
        redirect: "manual",
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        ...(body === undefined ? {} : { body: Uint8Array.from(body) }),
      });
      return {
        status: response.status,
        body: await readWhole(response, maxBytes),
        header: (name) => response.headers.get(name) ?? undefined,
      };
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof TooLong) throw this.failed("OCI_TOO_LARGE", `an answer is longer than ${maxBytes} bytes`);
      throw this.failed("OCI_UNREACHABLE", timeout.aborted ? "it takes too long" : "nobody answers", cause);
    }
  }
}

class TooLong extends Error {}

async function readWhole({ body }: OciResponse, maxBytes: number): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value?.length ?? 0;
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined);
      throw new TooLong();
    }
    if (value !== undefined) parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${encodeHex(primitives.sha256(bytes))}`;
}

function parameterOf(challenge: string, name: string): string | undefined {
  const [, value] = new RegExp(`[ ,]${name}="([^"]{1,2000})"`, "i").exec(challenge) ?? [];
  return value;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
