import { encodeBase64 } from "../bytes/base64.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { parseJson, textOf } from "./json.ts";
import type { RegistryLogin } from "./ports.ts";

/** How a registry wants to be asked. Source: RFC 9110, section 11; OCI distribution, token authentication. */
export type Challenge =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: string; readonly service: string | undefined };

/** The challenge in `WWW-Authenticate`; undefined when there is none that we know. */
export function parseChallenge(header: string): Challenge | undefined {
  const realm = parameterOf(header, "realm");
  if (/^bearer\b/i.test(header) && realm !== undefined) {
    return { kind: "bearer", realm, service: parameterOf(header, "service") };
  }
  return /^basic\b/i.test(header) ? { kind: "basic" } : undefined;
}

function parameterOf(challenge: string, name: string): string | undefined {
  const [, value] = new RegExp(`[ ,]${name}="([^"]{1,2000})"`, "i").exec(challenge) ?? [];
  return value;
}

/** `Basic …` for a name and a password; undefined for any other login. */
export function basicAuthorization(login: RegistryLogin | undefined): string | undefined {
  if (login?.kind !== "password") return undefined;
  return `Basic ${encodeBase64(encodeUtf8(`${login.username}:${login.password}`))}`;
}

/** A request for a token of one repository. */
export interface TokenRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

/**
 * How to ask for a token: by GET with name and password, or with neither; by POST with an identity token.
 *
 * @param scope such as `repository:team/keys:pull,push`
 */
export function tokenRequest(
  realm: URL,
  {
    service,
    scope,
    login,
  }: { readonly service: string | undefined; readonly scope: string; readonly login: RegistryLogin | undefined },
): TokenRequest {
  const parameters = { ...(service === undefined ? {} : { service }), scope };
  if (login?.kind === "identity token") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: "sealkit",
      ...parameters,
      refresh_token: login.token,
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return { method: "POST", url: realm, headers, body: encodeUtf8(form.toString()) };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const basic = basicAuthorization(login);
  return { method: "GET", url, headers: basic === undefined ? {} : { authorization: basic } };
}

/** The token in an answer; undefined when there is none that can stand in a header. */
export function tokenIn(body: Uint8Array): string | undefined {
  const answer = parseJson(body);
  const token = textOf(answer, "token") ?? textOf(answer, "access_token");
  return token !== undefined && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}

/** How somebody is known, for errors. */
export function loginName(login: RegistryLogin | undefined): string {
  if (login === undefined) return "no login was given for it";
  return login.kind === "password" ? `logged in as ${login.username}` : `logged in with an ${kindName(login.kind)}`;
}

function kindName(kind: "identity token" | "registry token"): string {
  return kind === "identity token" ? "identity token" : "access token of the file";
}
