import { Agent, request } from "node:https";

/** A Kubernetes API to hold against the suite. */
export interface ApiEndpoint {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: test code reads answers of any kind
  readonly json: any;
}

export interface CallOptions {
  readonly contentType?: string;
  readonly accept?: string;
  readonly as?: string;
  readonly token?: string;
  readonly userAgent?: string;
}

/** A small client: one request, whatever the answer. */
export class Api {
  readonly #endpoint: ApiEndpoint;
  readonly #agent: Agent;

  constructor(endpoint: ApiEndpoint) {
    this.#endpoint = endpoint;
    this.#agent = new Agent({ ca: endpoint.caPem, keepAlive: true });
  }

  close(): void {
    this.#agent.destroy();
  }

  call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = this.#open(method, path, options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parse(text) });
        });
      });
      call.on("error", reject);
      const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
      // node sends no length for the body of a DELETE by itself.
      if (text !== "") call.setHeader("content-length", Buffer.byteLength(text));
      call.end(text);
    });
  }

  get(path: string, options?: CallOptions): Promise<Answer> {
    return this.call("GET", path, undefined, options);
  }

  post(path: string, body: unknown, options?: CallOptions): Promise<Answer> {
    return this.call("POST", path, body, options);
  }

  put(path: string, body: unknown, options?: CallOptions): Promise<Answer> {
    return this.call("PUT", path, body, options);
  }

  delete(path: string, body?: unknown, options?: CallOptions): Promise<Answer> {
    return this.call("DELETE", path, body, options);
  }

  patch(type: "json" | "merge" | "strategic" | "apply", path: string, body: unknown): Promise<Answer> {
    return this.call("PATCH", path, body, { contentType: PATCHES[type] });
  }

  /** Opens a watch and collects its events until `enough` says so, the server or `close()` ends it, or time is over. */
  // biome-ignore lint/suspicious/noExplicitAny: events of any kind
  watch(path: string, enough: (events: any[]) => boolean, options: { timeoutMs?: number; accept?: string } = {}) {
    // biome-ignore lint/suspicious/noExplicitAny: events of any kind
    const events: any[] = [];
    let opened: () => void = () => undefined;
    let close: () => void = () => undefined;
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const done = new Promise<{ status: number; events: typeof events; ended: boolean }>((resolve, reject) => {
      let status = 0;
      const finish = (ended: boolean) => {
        clearTimeout(timer);
        call.destroy();
        resolve({ status, events, ended });
      };
      const call = this.#open("GET", path, options, (answer) => {
        status = answer.statusCode ?? 0;
        opened();
        let rest = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) if (line !== "") events.push(parse(line));
          if (enough(events)) finish(false);
        });
        answer.on("end", () => finish(true));
        answer.on("error", () => finish(true));
      });
      call.on("error", (error) => (status === 0 ? reject(error) : undefined));
      const timer = setTimeout(() => finish(false), options.timeoutMs ?? 30_000);
      close = () => finish(false);
      call.end();
    });
    return { open, done, close };
  }

  #open(
    method: string,
    path: string,
    options: CallOptions,
    onAnswer: (answer: import("node:http").IncomingMessage) => void,
  ) {
    const headers: Record<string, string> = {
      authorization: `Bearer ${options.token ?? this.#endpoint.token}`,
      accept: options.accept ?? "application/json",
      "user-agent": options.userAgent ?? "conformance/1",
    };
    if (method !== "GET") headers["content-type"] = options.contentType ?? "application/json";
    if (options.as !== undefined) headers["impersonate-user"] = options.as;
    return request(new URL(path, this.#endpoint.url), { method, headers, agent: this.#agent }, onAnswer);
  }
}

const PATCHES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks again until it is so. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`it did not happen in ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

let counter = 0;

/** A name that no other test uses. */
export function fresh(word: string): string {
  counter += 1;
  return `${word}-${process.pid.toString(36)}-${counter}`;
}

/** A new namespace, for one group of tests. */
export async function newNamespace(api: Api): Promise<string> {
  const name = fresh("conf");
  const made = await api.post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  if (made.status !== 201) throw new Error(`no namespace: ${made.text}`);
  return name;
}
