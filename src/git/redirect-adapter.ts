import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { GitCredentials } from "./credentials.ts";
import { authorization, sameOrigin } from "./settings.ts";
import { type GitUrl, parseGitUrl } from "./url.ts";

const ASK = "/info/refs?service=git-upload-pack";

/** Where a server redirects to; `allowed` only when that is the same host and port, over a scheme not weaker. */
export interface Redirect {
  readonly host: string;
  readonly allowed: GitUrl | undefined;
}

/**
 * Asks the server itself where it redirects a fetch to. The credentials go to the host they were meant for only.
 * Undefined when it does not redirect, or does not answer.
 */
export function findRedirect(
  url: GitUrl,
  credentials: GitCredentials,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Redirect | undefined> {
  const header = credentials.login === undefined ? undefined : authorization(credentials.login);
  const send = url.scheme === "https" ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const request = send(url.text.replace(/\/$/, "") + ASK, {
      method: "GET",
      headers: { "user-agent": "git/sealkit", ...(header === undefined ? {} : { authorization: header }) },
      timeout: timeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(credentials.tls?.ca === undefined ? {} : { ca: credentials.tls.ca }),
      ...(credentials.tls?.client === undefined
        ? {}
        : { cert: credentials.tls.client.certificate, key: credentials.tls.client.key }),
    });
    request.on("response", (response) => {
      response.destroy();
      const location = response.headers.location;
      const status = response.statusCode ?? 0;
      resolve(status >= 300 && status < 400 && location !== undefined ? judge(url, location) : undefined);
    });
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", () => resolve(undefined));
    request.end();
  });
}

function judge(from: GitUrl, location: string): Redirect | undefined {
  try {
    const target = new URL(location, from.text);
    if (!sameOrigin(from, target) || !target.href.endsWith(ASK)) return { host: target.host, allowed: undefined };
    return { host: target.host, allowed: parseGitUrl(target.href.slice(0, -ASK.length)) };
  } catch {
    return undefined;
  }
}
