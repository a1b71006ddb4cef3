import { open, readdir, stat } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import type { ConnectionSettings, Fetch, KmsPorts } from "./ports.ts";

/** What the environment decides for one process. */
export interface SystemPortsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Starts programs that print credentials; without it none are started. */
  readonly run?: KmsPorts["run"];
}

/** Credentials, profiles, tokens and certificates are short; what is longer is something else. */
const MAX_FILE_BYTES = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;

/** A file of certificates to trust in place of the usual ones, for programs in Go as for OpenSSL. */
const OWN_ROOTS = "SSL_CERT_FILE";

/** The machine itself: network (through the proxies that `env` names), files, clock. Nothing is read before it is asked for. */
export function systemPorts({ env, signal, run }: SystemPortsOptions): KmsPorts {
  const fetchWith = (settings: ConnectionSettings) => fetchThrough(env, settings);
  return {
    fetch: namesProxy(env) || env[OWN_ROOTS] ? fetchWith({}) : globalThis.fetch,
    fetchWith,
    env: (name) => env[name] || undefined,
    readFile: readShortFile,
    listFiles,
    home: env["HOME"] || homedir(),
    hostname: hostname(),
    now: () => new Date(),
    timers: {
      random: () => Math.random(),
      after(delayMs, run) {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
    },
    ...(run === undefined ? {} : { run }),
    ...(signal === undefined ? {} : { signal }),
  };
}

async function readShortFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, "r");
    try {
      // A fifo or a device has no size: what counts is how much comes out.
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_FILE_BYTES + 1), 0, MAX_FILE_BYTES + 1, null);
      return bytesRead > MAX_FILE_BYTES ? undefined : new Uint8Array(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

const MAX_LISTED_FILES = 1000;

async function listFiles(path: string): Promise<readonly string[] | "missing" | "too-many"> {
  const found: string[] = [];
  const folders: string[] = [];
  const look = async (at: string, isGiven: boolean) => {
    const kind = await stat(at).catch(() => undefined);
    if (kind?.isDirectory() === true && isGiven) folders.push(at);
    else if (kind?.isFile() === true) found.push(at);
    return kind !== undefined;
  };
  if (!(await look(path, true))) return "missing";
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (found.length + folders.length >= MAX_LISTED_FILES) return "too-many";
      if (entry.isDirectory()) folders.push(join(folder, entry.name));
      else await look(join(folder, entry.name), false);
    }
  }
  return found.sort();
}

type Environment = SystemPortsOptions["env"];

function proxy(env: Environment, scheme: "http" | "https"): string | undefined {
  const name = `${scheme}_proxy`;
  return env[name] || env[name.toUpperCase()] || undefined;
}

function namesProxy(env: Environment): boolean {
  return proxy(env, "https") !== undefined || proxy(env, "http") !== undefined;
}

/** Machines ask these of themselves: a proxy would get their credentials, or give its own. */
const NEVER_PROXIED =
  "localhost,127.0.0.1,[::1],169.254.169.254,169.254.170.2,169.254.170.23,[fd00:ec2::254],[fd00:ec2::23],metadata.google.internal";

/** Proxies and certificates of one's own are more than the built-in fetch knows: undici is loaded by the first request. */
function fetchThrough(env: Environment, settings: ConnectionSettings): Fetch {
  let ready: Promise<Fetch> | undefined;
  return async (url, init) => {
    ready ??= openFetch(env, settings);
    return (await ready)(url, init);
  };
}

/** A file that is not there leaves the usual ones. */
async function ownRoots(env: Environment): Promise<string | undefined> {
  const bytes = env[OWN_ROOTS] ? await readShortFile(env[OWN_ROOTS]) : undefined;
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

async function openFetch(env: Environment, settings: ConnectionSettings): Promise<Fetch> {
  const { Agent, EnvHttpProxyAgent, fetch, ProxyAgent, Socks5ProxyAgent } = await import("undici");
  const { socketPath } = settings;
  const uri = settings.proxy === undefined ? undefined : proxyUrl(settings.proxy);
  const [httpProxy, httpsProxy] = (["http", "https"] as const).map((scheme) => proxyUrl(proxy(env, scheme) ?? ""));
  const isSocks = (url = "") => url.startsWith(SOCKS);
  if ([uri, httpProxy, httpsProxy].some(isSocks)) quietly(() => new Socks5ProxyAgent(`${SOCKS}//127.0.0.1`));
  const roots = await ownRoots(env);
  const connect = connectionOf(settings, roots);
  const exceptions = env["no_proxy"] || env["NO_PROXY"] || "";
  const dispatcher = () => {
    if (socketPath !== undefined) return new Agent({ connect: { ...connect, socketPath } });
    // The types of undici do not name requestTls here; its code reads it.
    const socksOptions = { headers: {}, requestTls: connect };
    if (uri !== undefined && isSocks(uri)) return new Socks5ProxyAgent(uri, socksOptions);
    if (uri !== undefined) {
      const proxyTls = { timeout: CONNECT_TIMEOUT_MS, ...(roots === undefined ? {} : { ca: roots }) };
      // As the tools of Vault do: plain http goes to the proxy itself, not through a tunnel.
      return new ProxyAgent({ uri, proxyTunnel: false, requestTls: connect, proxyTls });
    }
    if (!namesProxy(env)) return new Agent({ connect });
    return new EnvHttpProxyAgent({
      httpProxy: httpProxy ?? "",
      httpsProxy: httpsProxy ?? "",
      noProxy: exceptions === "*" ? "*" : `${exceptions},${NEVER_PROXIED}`,
      connect,
      requestTls: connect,
    });
  };
  const ready = dispatcher();
  return async (url, init) => await fetch(url, { ...init, dispatcher: ready });
}

const SOCKS = "socks5:";

/** Both ways to write a SOCKS proxy mean that it looks names up, as with the original. */
function proxyUrl(text: string): string {
  return text.replace(/^socks5h?:/i, SOCKS);
}

/** undici tells once, on standard error, that its SOCKS client may change. That is ours to watch, and nothing for a user. */
function quietly(make: () => unknown): void {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    make();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function connectionOf({ ca, clientCertificate, clientKey, serverName, insecure }: ConnectionSettings, roots?: string) {
  const trusted = ca ?? roots;
  return {
    timeout: CONNECT_TIMEOUT_MS,
    rejectUnauthorized: insecure !== true,
    ...(trusted === undefined ? {} : { ca: trusted }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
