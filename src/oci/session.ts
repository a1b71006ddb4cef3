import { concatAll } from "../bytes/concat.ts";
import { basicAuthorization, loginName, parseChallenge, tokenIn, tokenRequest } from "./authorization.ts";
import { OciError, type OciErrorCode } from "./errors.ts";
import type { OciPorts, OciResponse, RegistryLogin } from "./ports.ts";
import { type OciReference, referenceText } from "./reference.ts";
import { registryWords } from "./refusal.ts";

export interface Request {
  /** Statuses that are no refusal. */
  readonly wanted: readonly number[];
  readonly body?: Uint8Array | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly maxBytes?: number | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  header(name: string): string | undefined;
}

/** Errors, tokens and redirects are shorter. */
export const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_REDIRECTS = 5;
const TIMEOUT_MS = 120_000;
/** The registry of Docker answers elsewhere than it is called. */
const DOCKER_HUB = /^(index\.)?docker\.io$/;

/** Requests about one repository, with the token that the registry gave for it. */
export class Session {
  readonly #ports: OciPorts;
  readonly #reference: OciReference;
  readonly #actions: string;
  readonly #login: RegistryLogin | undefined;
  readonly #base: string;
  #authorization: string | undefined;

  /** @param actions that are asked for: `pull` or `pull,push` */
  constructor(ports: OciPorts, reference: OciReference, actions: string, login: RegistryLogin | undefined) {
    this.#ports = ports;
    this.#reference = reference;
    this.#actions = actions;
    this.#login = login;
    this.#authorization = login?.kind === "registry token" ? `Bearer ${login.token}` : undefined;
    const isLoopback = /^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(reference.registry);
    const host = DOCKER_HUB.test(reference.registry) ? "registry-1.docker.io" : reference.registry;
    this.#base = `${isLoopback ? "http" : "https"}://${host}`;
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

  /** @throws {OciError} when the status is none that is wanted, with what the registry says to it. */
  async ask(method: string, url: URL, request: Request): Promise<Answer> {
    let { answer, isHome } = await this.#follow(method, url, request);
    // A storage that we were sent to must not say where our login goes.
    if (answer.status === 401 && isHome) {
      await this.#logIn(answer);
      ({ answer } = await this.#follow(method, url, request));
    }
    if (request.wanted.includes(answer.status)) return answer;
    throw this.failed(codeOf(answer.status), `the registry answers ${answer.status} to ${method}`, {
      details: registryWords(answer.body, this.#secrets()),
    });
  }

  failed(
    code: OciErrorCode,
    state: string,
    { cause, details = [] }: { readonly cause?: unknown; readonly details?: readonly string[] } = {},
  ): OciError {
    const isDenied = code === "OCI_DENIED";
    return new OciError(code, `Cannot use ${referenceText(this.#reference)}: ${state}`, {
      cause,
      details: isDenied ? [loginName(this.#login), ...details] : details,
      hints: this.#hintsFor(code),
    });
  }

  #hintsFor(code: OciErrorCode): readonly string[] {
    const { registry } = this.#reference;
    if (code === "OCI_DENIED") return [`docker login ${registry}`];
    return code === "OCI_UNREACHABLE" ? [`see whether it answers: curl -I ${this.#base}/v2/`] : [];
  }

  async #follow(
    method: string,
    first: URL,
    request: Request,
  ): Promise<{ readonly answer: Answer; readonly isHome: boolean }> {
    let url = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const isHome = url.origin === new URL(this.#base).origin;
      // A storage that we are sent to signs its own addresses: our login is not for it.
      const login = isHome && this.#authorization !== undefined ? { authorization: this.#authorization } : {};
      const answer = await this.#send(method, url, { ...request, headers: { ...request.headers, ...login } });
      const location = answer.header("location");
      const isRedirect = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined;
      if (!isRedirect || !["GET", "HEAD"].includes(method)) return { answer, isHome };
      url = this.resolve(location, url);
    }
    throw this.failed("OCI_PROTOCOL", "it sends us on and on");
  }

  /** @throws {OciError} `OCI_DENIED` */
  async #logIn(refusal: Answer): Promise<void> {
    const challenge = parseChallenge(refusal.header("www-authenticate") ?? "");
    if (challenge === undefined) throw this.failed("OCI_DENIED", "the registry does not say how to log in");
    if (challenge.kind === "basic") {
      this.#authorization = basicAuthorization(this.#login);
      return;
    }
    const realm = this.resolve(challenge.realm, new URL(this.#base));
    const scope = `repository:${this.#reference.repository}:${this.#actions}`;
    const login = this.#login;
    const { method, url, headers, body } = tokenRequest(realm, { service: challenge.service, scope, login });
    const answer = await this.#send(method, url, { wanted: [200], headers, body });
    const token = answer.status === 200 ? tokenIn(answer.body) : undefined;
    if (token === undefined) {
      const details = registryWords(answer.body, this.#secrets());
      throw this.failed("OCI_DENIED", "the registry gives no token", { details });
    }
    this.#authorization = `Bearer ${token}`;
  }

  #secrets(): readonly string[] {
    const login = this.#login;
    const own = login === undefined ? [] : [login.kind === "password" ? login.password : login.token];
    const sent = this.#authorization === undefined ? [] : [this.#authorization.replace(/^\w+ /, "")];
    return [...own, ...sent];
  }

  async #send(method: string, url: URL, { body, headers, maxBytes = MAX_ANSWER_BYTES }: Request): Promise<Answer> {
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
      throw this.failed("OCI_UNREACHABLE", timeout.aborted ? "it takes too long" : "nobody answers", { cause });
    }
  }
}

function codeOf(status: number): OciErrorCode {
  if (status === 401 || status === 403) return "OCI_DENIED";
  if (status === 413) return "OCI_TOO_LARGE";
  return status === 404 ? "OCI_NOT_FOUND" : "OCI_PROTOCOL";
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
  return concatAll(parts);
}
