import { askJson } from "../http/ask-json.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { type AccessToken, isBearerToken, tokenOf } from "../tokens/access-token.ts";
import { explainOauth } from "../tokens/explain-oauth.ts";
import { arcRequest } from "./azure-arc.ts";
import { type Absent, type AzureCredential, absent } from "./credentials.ts";
import { type IdentityRequest, withQuery } from "./identity-request.ts";

/**
 * The identity of what this runs on. Its variables say which: Service Fabric, App Service and Functions, Machine Learning,
 * Cloud Shell, a server of Azure Arc; without any of them a virtual machine, whose endpoint everybody knows.
 *
 * Source: Microsoft's pages on managed identities of each; recorded runs of sops 3.13.3.
 */
export function managedIdentity(ports: KmsPorts, clientId: string | undefined, env: KmsPorts["env"]): AzureCredential {
  return {
    name: "ManagedIdentityCredential",
    async token({ resource }) {
      const place = readPlace(env, clientId);
      if ("state" in place) return place;
      const request = await place.request({ ports, resource });
      return "state" in request ? request : await askIdentity(ports, request);
    },
  };
}

interface Place {
  readonly request: (asked: {
    readonly ports: KmsPorts;
    readonly resource: string;
  }) => IdentityRequest | Promise<IdentityRequest | Absent | Refusal>;
}

/** Source: recorded runs of sops 3.13.3 with each set of variables. */
function readPlace(env: KmsPorts["env"], clientId: string | undefined): Place | Absent | Refusal {
  const [endpoint, header] = [env("IDENTITY_ENDPOINT"), env("IDENTITY_HEADER")];
  const older = env("MSI_ENDPOINT");
  if (endpoint !== undefined && header !== undefined) {
    if (env("IDENTITY_SERVER_THUMBPRINT") !== undefined) return serviceFabric(endpoint, header, clientId);
    return appService(endpoint, header, clientId);
  }
  if (older !== undefined) {
    const secret = env("MSI_SECRET");
    return secret === undefined ? cloudShell(older, clientId) : machineLearning(older, secret, clientId);
  }
  if (endpoint !== undefined && env("IMDS_ENDPOINT") !== undefined) {
    if (clientId !== undefined) return fixedIdentity("Azure Arc");
    const url = nearby(endpoint, "IDENTITY_ENDPOINT");
    return "state" in url ? url : { request: ({ ports, resource }) => arcRequest(ports, url, resource) };
  }
  return { request: ({ resource }) => virtualMachine(resource, clientId) };
}

function fixedIdentity(what: string): Absent {
  return absent(`${what} has one identity, and AZURE_CLIENT_ID asks for another`);
}

const MACHINE_ENDPOINT = "http://169.254.169.254/metadata/identity/oauth2/token";

function virtualMachine(resource: string, clientId: string | undefined): IdentityRequest {
  const query = { "api-version": "2018-02-01", resource, ...(clientId === undefined ? {} : { client_id: clientId }) };
  return { method: "GET", url: withQuery(MACHINE_ENDPOINT, query), headers: { metadata: "true" } };
}

function appService(endpoint: string, header: string, clientId: string | undefined): Place | Refusal {
  return secretPlace(endpoint, ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"], header, (url, resource) => ({
    method: "GET",
    url: withQuery(url, {
      "api-version": "2019-08-01",
      resource,
      ...(clientId === undefined ? {} : { client_id: clientId }),
    }),
    headers: { "x-identity-header": header },
  }));
}

function serviceFabric(endpoint: string, header: string, clientId: string | undefined): Place | Absent | Refusal {
  if (clientId !== undefined) return fixedIdentity("Service Fabric");
  return secretPlace(endpoint, ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"], header, (url, resource) => ({
    method: "GET",
    url: withQuery(url, { "api-version": "2019-07-01-preview", resource }),
    headers: { secret: header },
  }));
}

function machineLearning(endpoint: string, secret: string, clientId: string | undefined): Place | Refusal {
  return secretPlace(endpoint, ["MSI_ENDPOINT", "MSI_SECRET"], secret, (url, resource) => ({
    method: "GET",
    url: withQuery(url, { "api-version": "2017-09-01", resource, clientid: clientId ?? "" }),
    headers: { secret },
  }));
}

function cloudShell(endpoint: string, clientId: string | undefined): Place | Absent | Refusal {
  if (clientId !== undefined) return fixedIdentity("Cloud Shell");
  const url = nearby(endpoint, "MSI_ENDPOINT");
  if ("state" in url) return url;
  return {
    request: ({ resource }) => ({
      method: "POST",
      url,
      headers: { metadata: "true", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ resource }).toString(),
    }),
  };
}

function secretPlace(
  endpoint: string,
  [variable, secretVariable]: readonly [string, string],
  secret: string,
  request: (url: URL, resource: string) => IdentityRequest,
): Place | Refusal {
  const url = nearby(endpoint, variable);
  if ("state" in url) return url;
  if (!isBearerToken(secret)) return refusal("KEY_SERVICE_BAD_SETTINGS", `${secretVariable} is not usable`);
  return { request: ({ resource }) => request(url, resource) };
}

/** https, or plain on this machine and what only it can reach. */
function nearby(text: string, variable: string): URL | Refusal {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHere = /^(localhost|\[::1\]|(127|169\.254)\.[\d.]+)$/.test(url?.hostname ?? "");
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isHere);
  if (url !== undefined && isSafe && url.username === "" && url.password === "") return url;
  return refusal("KEY_SERVICE_BAD_SETTINGS", `${variable} is not usable: it is no address of this machine`);
}

async function askIdentity(ports: KmsPorts, request: IdentityRequest): Promise<AccessToken | Refusal | Absent> {
  const who = `the identity endpoint ${request.url.host}`;
  const secrets = Object.values(request.headers).filter((value) => value !== "true");
  const answer = await askJson(ports, () => request, {
    ...{ who, secrets, explain: explainOauth },
    // Where there is no such endpoint nobody answers: a person does not wait for that.
    limits: { timeoutMs: 2000, attempts: 2 },
  });
  if (answer.kind === "answer") return tokenOf(ports, answer.body, who);
  return answer.status === undefined || answer.status === 404 ? absent(answer.state) : answer;
}
