import { STATUS_CODES } from "node:http";
import { createKubeClient, KubeError, noRetries } from "../../src/kube/index.ts";
import type { Io } from "../io.ts";
import { KubesealError } from "./errors.ts";
import { readFileGo } from "./files.ts";
import { redirectTarget } from "./redirect.ts";

const MAX_REDIRECTS = 10;

/** The PEM text in a file or at a URL. */
export async function certificatePem(cert: string, io: Io): Promise<Uint8Array> {
  // One letter before the colon is a drive of Windows, not a scheme.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(cert)?.[1]?.toLowerCase();
  if (scheme === undefined) return await readFileGo(io, cert);
  if (scheme === "file") return await fromFileUrl(cert, io);
  if (scheme === "http" || scheme === "https") {
    const problem = urlProblem(cert);
    if (problem !== undefined) throw new KubesealError("KUBESEAL_CERTIFICATE", problem);
    return await download(cert, io);
  }
  throw new KubesealError("KUBESEAL_CERTIFICATE", `Get "${cert}": unsupported protocol scheme "${scheme}"`, {
    hints: ["use a file name, or an http, https or file URL"],
  });
}

async function fromFileUrl(url: string, io: Io): Promise<Uint8Array> {
  const path = URL.canParse(url) ? decodeURIComponent(new URL(url).pathname) : "";
  try {
    return await readFileGo(io, path);
  } catch (cause) {
    throw cannotFetch(url, "404 Not Found", cause);
  }
}

/** Go's word on a URL that leads nowhere. Node's parser takes some of them for something else (`http:///x` for a host). */
function urlProblem(url: string): string | undefined {
  if (/^https?:\/*$/i.test(url)) return `Get "${url.replace(/\/+$/, "")}": http: no Host in request URL`;
  if (!/^https?:\/\/[^/]/i.test(url)) return `Get "${url}": http: no Host in request URL`;
  if (URL.canParse(url)) return undefined;
  if (/\/\/\[[^\]]*$/.test(url)) return `parse "${url}": missing ']' in host`;
  const port = /^https?:\/\/[^/]*:(\d+)(?:\/|$)/i.exec(url)?.[1];
  if (port !== undefined) return `Get "${url}": dial tcp: address ${port}: invalid port`;
  return `parse "${url}": invalid URL`;
}

/** GET with redirects and the proxy of the environment. */
async function download(url: string, io: Io): Promise<Uint8Array> {
  let at = url;
  let asked = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const { origin, pathname, search } = new URL(at);
    const client = createKubeClient(
      { server: origin, authorize: () => Promise.resolve({}), proxyUrl: proxyFor(at, io.env) },
      { retries: noRetries, userAgent: "kubeseal" },
    );
    try {
      const { status, headers, body } = await client.raw({ method: "GET", path: pathname + search, signal: io.signal });
      const location = headers["location"];
      if (status >= 300 && status < 400 && location !== undefined) {
        at = redirectTarget(at, location);
        asked = location;
        continue;
      }
      if (status !== 200) throw cannotFetch(url, `${status} ${STATUS_CODES[status] ?? ""}`.trim());
      return body;
    } catch (cause) {
      if (!(cause instanceof KubeError)) throw cause;
      throw new KubesealError("KUBESEAL_CERTIFICATE", cause.apiMessage, { cause });
    } finally {
      await client.close();
    }
  }
  throw new KubesealError("KUBESEAL_CERTIFICATE", `Get "${asked}": stopped after ${MAX_REDIRECTS} redirects`);
}

function cannotFetch(url: string, status: string, cause?: unknown): KubesealError {
  return new KubesealError("KUBESEAL_CERTIFICATE", `cannot fetch "${url}": ${status}`, { cause });
}

function proxyFor(url: string, env: Io["env"]): string | undefined {
  const { protocol, hostname } = new URL(url);
  const name = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = env[name] ?? env[name.toLowerCase()];
  if (proxy === undefined || proxy === "" || /^(localhost|127\.|\[::1\])/.test(hostname)) return undefined;
  const exempt = (env["NO_PROXY"] ?? env["no_proxy"] ?? "").split(",").map((entry) => entry.trim().replace(/^\./, ""));
  const isExempt = exempt.some((entry) => entry === "*" || (entry !== "" && `.${hostname}`.endsWith(`.${entry}`)));
  return isExempt ? undefined : proxy;
}
