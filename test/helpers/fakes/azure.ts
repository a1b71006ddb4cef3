import { constants, createHash, type KeyObject, privateDecrypt, publicEncrypt, verify } from "node:crypto";
import { takeRsaKey } from "../rsa-keys.ts";
import type { Service, WireAnswer, WireRequest } from "./wire.ts";

export interface FakeAzureOptions {
  /** Access token that vaults take. */
  readonly token: string;
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** A person whose password is taken. */
  readonly user?: { readonly name: string; readonly password: string };
  /** A statement of another issuer that is taken for the client: workload identity. */
  readonly federatedToken?: string;
  readonly certificate?: { readonly publicKey: KeyObject; readonly der: Uint8Array; readonly sendsChain?: boolean };
  /** What the vault asks tokens for. */
  readonly resource?: string;
  readonly nowMs?: () => number;
}

const RESOURCE = "https://vault.azure.net";
const API_VERSIONS: readonly string[] = ["7.4", "2025-07-01"];
const PADDING = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" } as const;

export interface FakeVaultKey {
  readonly name: string;
  readonly version: string;
}

/** A vault with one RSA key in two versions, which really encrypts. */
export function fakeKeyVault(options: FakeAzureOptions, versions: readonly FakeVaultKey[]): Service {
  const keys = new Map(versions.map(({ name, version }) => [`${name}/${version}`, takeRsaKey()]));
  return (request) => {
    const { method, url, headers, body } = request;
    const authorization = headers.get("authorization");
    if (authorization === undefined)
      return body === "" ? challenge(options) : no(400, "BadParameter", "fake: a body without a token");
    if (authorization !== `Bearer ${options.token}`) return no(401, "Unauthorized", "AKV10032: Invalid issuer.");
    if (!API_VERSIONS.includes(url.searchParams.get("api-version") ?? "") || url.searchParams.size !== 1) {
      return no(400, "BadParameter", `fake: query ${url.search}`);
    }
    const [, name = "", version = "", verb = ""] =
      /^\/keys\/([^/]+)\/([^/]*)(?:\/(encrypt|decrypt))?$/.exec(url.pathname) ?? [];
    if (method === "GET" && verb === "") {
      const newest = versions.findLast((key) => key.name === name && (version === "" || key.version === version));
      if (newest === undefined) return notFound(name);
      return { status: 200, body: { key: { kid: `https://${url.host}/keys/${name}/${newest.version}`, kty: "RSA" } } };
    }
    const key = keys.get(`${name}/${version}`);
    if (method !== "POST" || verb === "") return no(405, "MethodNotAllowed", `fake: ${method} ${url.pathname}`);
    if (key === undefined) return notFound(`${name}/${version}`);
    return use(request, verb, { key, kid: `https://${url.host}/keys/${name}/${version}` });
  };
}

function challenge({ resource = RESOURCE, tenant }: FakeAzureOptions): WireAnswer {
  const header = `Bearer authorization="https://login.microsoftonline.com/${tenant}", resource="${resource}"`;
  const answer = no(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
  return { ...answer, headers: { "www-authenticate": header } };
}

interface UsedKey {
  readonly key: KeyObject;
  readonly kid: string;
}

function use({ headers, body }: WireRequest, verb: string, { key, kid }: UsedKey): WireAnswer {
  if (headers.get("content-type") !== "application/json") return no(400, "BadParameter", "fake: no JSON");
  const { alg, value, ...more } = JSON.parse(body) as Record<string, unknown>;
  if (alg !== "RSA-OAEP-256" || Object.keys(more).length > 0) return no(400, "BadParameter", "fake: fields");
  if (typeof value !== "string" || !/^[\w-]+$/.test(value))
    return no(400, "BadParameter", "fake: value is no base64url");
  const input = Buffer.from(value, "base64url");
  try {
    const output =
      verb === "encrypt" ? publicEncrypt({ key, ...PADDING }, input) : privateDecrypt({ key, ...PADDING }, input);
    return { status: 200, body: { kid, value: output.toString("base64url") } };
  } catch {
    return no(400, "BadParameter", "The parameter is incorrect.");
  }
}

const MANAGED = {
  account_type: "Managed",
  cloud_audience_urn: "urn:federation:MicrosoftOnline",
  domain_name: "contoso.example",
};

/** A login authority: tokens for clients that prove themselves, and what clients want to know of an authority first. */
export function fakeAzureLogin(options: FakeAzureOptions): Service {
  return (request) => {
    const { method, url } = request;
    const base = `https://${url.host}/${options.tenant}`;
    if (method === "GET" && url.pathname === "/common/discovery/instance") {
      const aliases = [url.host];
      const metadata = [{ preferred_network: url.host, preferred_cache: url.host, aliases }];
      return {
        status: 200,
        body: { tenant_discovery_endpoint: `${base}/v2.0/.well-known/openid-configuration`, metadata },
      };
    }
    if (method === "GET" && url.pathname === `/${options.tenant}/v2.0/.well-known/openid-configuration`) {
      const authorization_endpoint = `${base}/oauth2/v2.0/authorize`;
      return {
        status: 200,
        body: { token_endpoint: `${base}/oauth2/v2.0/token`, authorization_endpoint, issuer: `${base}/v2.0` },
      };
    }
    // Whether another server knows the passwords: the client of the original asks for that first.
    if (method === "GET" && url.pathname === `/common/UserRealm/${options.user?.name}`) {
      return { status: 200, body: { ...MANAGED, cloud_instance_name: url.host } };
    }
    if (method !== "POST" || url.pathname !== `/${options.tenant}/oauth2/v2.0/token` || url.search !== "") {
      return { status: 404, body: "fake: no such page" };
    }
    return grant(request, options, base);
  };
}

/** What the original's client sends besides. */
const IGNORED_FIELDS: readonly string[] = ["client_info", "claims"];

function grant({ headers, body }: WireRequest, options: FakeAzureOptions, base: string): WireAnswer {
  if (!(headers.get("content-type") ?? "").startsWith("application/x-www-form-urlencoded"))
    return denied("fake: no form");
  const form = new URLSearchParams(body);
  for (const name of IGNORED_FIELDS) form.delete(name);
  const { scope, client_secret, client_assertion, client_assertion_type, ...rest } = Object.fromEntries(form);
  const scopes = (scope ?? "").split(" ").filter((word) => !["openid", "offline_access", "profile"].includes(word));
  if (scopes.join() !== `${options.resource ?? RESOURCE}/.default`) return denied(`fake: scope ${scope}`);
  const { user } = options;
  if (rest["grant_type"] === "password" && user !== undefined) {
    const given = { grant_type: "password", client_id: options.clientId, username: user.name, password: user.password };
    const isUser = JSON.stringify(Object.entries(rest).sort()) === JSON.stringify(Object.entries(given).sort());
    return isUser ? granted(options.token) : denied("AADSTS50126: Invalid username or password.");
  }
  const wanted = { grant_type: "client_credentials", client_id: options.clientId };
  if (JSON.stringify(Object.entries(rest).sort()) !== JSON.stringify(Object.entries(wanted).sort())) {
    return denied(`fake: fields ${Object.keys(rest).join()}`);
  }
  if (client_secret !== undefined) {
    if (client_secret !== options.clientSecret || client_assertion !== undefined) {
      return denied("AADSTS7000215: Invalid client secret provided.");
    }
    return granted(options.token);
  }
  if (client_assertion_type !== "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    return denied("fake: no proof");
  if (options.federatedToken !== undefined && client_assertion === options.federatedToken)
    return granted(options.token);
  const problem = statementProblem(client_assertion ?? "", options, base);
  return problem === undefined ? granted(options.token) : denied(`AADSTS700027: ${problem}`);
}

function statementProblem(statement: string, options: FakeAzureOptions, base: string): string | undefined {
  const [head = "", claims = "", signature = "", ...more] = statement.split(".");
  if (options.certificate === undefined || more.length > 0) return "no certificate is known";
  const { publicKey, der, sendsChain = false } = options.certificate;
  const header = JSON.parse(Buffer.from(head, "base64url").toString()) as Record<string, unknown>;
  if (header["alg"] !== "PS256" || header["typ"] !== "JWT") return "wrong algorithm";
  // The standard says base64url; the client of the original writes the other alphabet.
  const thumbprint = Buffer.from(String(header["x5t#S256"]), "base64");
  if (!thumbprint.equals(createHash("sha256").update(der).digest())) return "wrong thumbprint";
  const chain = header["x5c"];
  const isChain = Array.isArray(chain) && chain[0] === Buffer.from(der).toString("base64");
  if (sendsChain !== isChain) return "wrong chain";
  const key = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  if (!verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url")))
    return "wrong signature";
  const said = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
  const { aud, iss, sub, jti, nbf, exp } = said;
  const nowS = (options.nowMs?.() ?? 0) / 1000;
  if (aud !== `${base}/oauth2/v2.0/token` || iss !== options.clientId || sub !== options.clientId)
    return "wrong claims";
  if (typeof jti !== "string" || jti.length < 16) return "no id";
  if (typeof nbf !== "number" || typeof exp !== "number" || nbf > nowS + 60 || exp < nowS || exp - nbf > 3600)
    return "wrong time";
  return undefined;
}

/** The identity endpoint of a virtual machine. */
export function fakeAzureMachine({ token, resource = RESOURCE }: FakeAzureOptions, clientId?: string): Service {
  return ({ method, url, headers }) => {
    if (method !== "GET" || url.pathname !== "/metadata/identity/oauth2/token") return { status: 404, body: "no" };
    if (headers.get("metadata") !== "true") return { status: 400, body: { error: "invalid_request" } };
    const wanted = {
      "api-version": "2018-02-01",
      resource,
      ...(clientId === undefined ? {} : { client_id: clientId }),
    };
    const given = Object.fromEntries(url.searchParams);
    if (JSON.stringify(Object.entries(given).sort()) !== JSON.stringify(Object.entries(wanted).sort())) {
      return { status: 400, body: { error: "invalid_request", error_description: "Identity not found" } };
    }
    return { status: 200, body: { access_token: token, expires_in: "3599", resource, token_type: "Bearer" } };
  };
}

/** A place whose identity is asked for: what its variables are, and what its endpoint wants to see. */
export interface FakeIdentityPlace {
  readonly method: "GET" | "POST";
  /** What goes along with the resource: in the query, or in the body of a POST. */
  readonly query: Readonly<Record<string, string>>;
  readonly header: readonly [string, string];
}

/** The identity endpoint of App Service, Service Fabric, Machine Learning or Cloud Shell. */
export function fakeIdentityEndpoint(
  { token, resource = RESOURCE }: FakeAzureOptions,
  { method, query, header: [name, value] }: FakeIdentityPlace,
): Service {
  return (request) => {
    const sent = method === "GET" ? request.url.searchParams : new URLSearchParams(request.body);
    const wanted = { ...query, resource };
    const isRight =
      request.method === method &&
      request.headers.get(name) === value &&
      (method === "GET" || request.url.search === "") &&
      JSON.stringify([...sent].sort()) === JSON.stringify(Object.entries(wanted).sort());
    if (!isRight) return { status: 400, body: { error: "invalid_request", error_description: "fake: not so" } };
    return { status: 200, body: { access_token: token, expires_on: "4000000000", resource, token_type: "Bearer" } };
  };
}

/** The agent of a server of Azure Arc, which wants to see what stands in one of its files. */
export function fakeArcAgent(options: FakeAzureOptions, { path, key }: { path: string; key: string }): Service {
  const query = { "api-version": "2020-06-01" };
  const asked = fakeIdentityEndpoint(options, { method: "GET", query, header: ["metadata", "true"] });
  return (request) => {
    const given = request.headers.get("authorization");
    if (given === `Basic ${key}`) return asked(request);
    if (given !== undefined) return { status: 403, body: "fake: wrong key" };
    return { status: 401, headers: { "www-authenticate": `Basic realm=${path}` } };
  };
}

function granted(token: string): WireAnswer {
  return { status: 200, body: { access_token: token, expires_in: 3599, ext_expires_in: 3599, token_type: "Bearer" } };
}

function denied(description: string): WireAnswer {
  return { status: 401, body: { error: "invalid_client", error_description: description } };
}

function no(status: number, code: string, message: string): WireAnswer {
  return { status, body: { error: { code, message } } };
}

function notFound(name: string): WireAnswer {
  return no(404, "KeyNotFound", `A key with (name/id) ${name} was not found in this key vault.`);
}
