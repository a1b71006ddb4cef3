import { ClearText } from "../../clear-text.ts";
import { askJson } from "../http/ask-json.ts";
import { jsonObject, textField } from "../http/message.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { type AccessToken, isBearerToken, tokenOf } from "../tokens/access-token.ts";
import { explainOauth } from "../tokens/explain-oauth.ts";
import { formToken } from "../tokens/form-token.ts";
import { signJwt } from "../tokens/jwt.ts";
import type { Challenge } from "./challenge.ts";
import type { ClientCertificate } from "./client-certificate.ts";

/** One way to get tokens. `absent`: it is not set up here, and the next way may be. */
export interface AzureCredential {
  /** As Microsoft's libraries call it. */
  readonly name: string;
  token(wanted: Challenge): Promise<AccessToken | Refusal | Absent>;
}

export interface Absent {
  readonly kind: "absent";
  /** One clause. */
  readonly state: string;
}

export function absent(state: string): Absent {
  return { kind: "absent", state };
}

/** An application of a tenant. */
export interface AzureClient {
  readonly authority: URL;
  readonly tenant: string;
  readonly clientId: string;
}

/** Source: Microsoft's "OAuth 2.0 client credentials flow on the identity platform". */
export function clientSecret(ports: KmsPorts, client: AzureClient, secret: ClearText): AzureCredential {
  const proof = () => ({ client_secret: secret.revealText() });
  return { name: "EnvironmentCredential", token: ({ scope }) => clientToken(ports, client, { scope, proof }) };
}

const STATEMENT_LIFETIME_S = 600;

export interface CertificateOptions {
  /** Whether the chain goes along, so that the issuer is trusted and not the certificate. */
  readonly sendChain: boolean;
  /** A new id for every statement. */
  readonly nonce: () => string;
}

/** Source: Microsoft's "Application authentication certificate credentials". */
export function clientCertificate(
  ports: KmsPorts,
  client: AzureClient,
  certificate: ClientCertificate & CertificateOptions,
): AzureCredential {
  const proof = () => {
    const nowS = Math.floor(ports.now().getTime() / 1000);
    const chain = certificate.sendChain ? { x5c: certificate.chain } : {};
    const claims = {
      aud: tokenUrl(client).href,
      iss: client.clientId,
      sub: client.clientId,
      jti: certificate.nonce(),
      nbf: nowS,
      iat: nowS,
      exp: nowS + STATEMENT_LIFETIME_S,
    };
    const header = { alg: "PS256" as const, "x5t#S256": certificate.thumbprint, ...chain };
    return asserted(signJwt(header, claims, certificate.privateKey));
  };
  return { name: "EnvironmentCredential", token: ({ scope }) => clientToken(ports, client, { scope, proof }) };
}

/** The token of a Kubernetes service account stands in for a secret; it is read anew each time, because it is replaced. */
export function workloadIdentity(ports: KmsPorts, client: AzureClient, tokenFile: string): AzureCredential {
  return {
    name: "WorkloadIdentityCredential",
    async token({ scope }) {
      const bytes = await ports.readFile(tokenFile);
      const statement = bytes === undefined ? "" : new TextDecoder().decode(bytes).trim();
      if (!isBearerToken(statement)) {
        return refusal(
          "KEY_SERVICE_NO_CREDENTIALS",
          `AZURE_FEDERATED_TOKEN_FILE names ${JSON.stringify(tokenFile)}, which holds no token`,
        );
      }
      return await clientToken(ports, client, { scope, proof: () => asserted(statement) });
    },
  };
}

function asserted(statement: string): Readonly<Record<string, string>> {
  return {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: statement,
  };
}

interface ClientProof {
  readonly scope: string;
  readonly proof: () => Readonly<Record<string, string>>;
}

async function clientToken(
  ports: KmsPorts,
  client: AzureClient,
  { scope, proof }: ClientProof,
): Promise<AccessToken | Refusal> {
  return await formToken(ports, tokenUrl(client), () => ({
    grant_type: "client_credentials",
    client_id: client.clientId,
    scope,
    ...proof(),
  }));
}

function tokenUrl({ authority, tenant }: AzureClient): URL {
  return new URL(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, authority);
}

/** The identity of the machine: of App Service where its variables are set, else of the virtual machine. */
export function managedIdentity(ports: KmsPorts, clientId: string | undefined, env: KmsPorts["env"]): AzureCredential {
  return {
    name: "ManagedIdentityCredential",
    async token({ resource }) {
      const request = identityRequest(env);
      if ("kind" in request) return request;
      const { url, headers } = request;
      url.searchParams.set("resource", resource);
      if (clientId !== undefined) url.searchParams.set("client_id", clientId);
      const who = `the identity endpoint ${url.host}`;
      // Where there is no such endpoint nobody answers: a person does not wait for that.
      const limits = { timeoutMs: 2000, attempts: 2 };
      const secrets = Object.values(headers).filter((value) => value !== "true");
      const answer = await askJson(ports, () => ({ method: "GET", url, headers }), {
        who,
        secrets,
        explain: explainOauth,
        limits,
      });
      if (answer.kind === "answer") return tokenOf(ports, answer.body, who);
      return answer.status === undefined || answer.status === 404 ? absent(answer.state) : answer;
    },
  };
}

interface IdentityRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

const MACHINE_ENDPOINT = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01";

function identityRequest(env: KmsPorts["env"]): IdentityRequest | Refusal | Absent {
  const endpoint = env("IDENTITY_ENDPOINT");
  const header = env("IDENTITY_HEADER");
  if (env("IMDS_ENDPOINT") !== undefined && endpoint !== undefined) return absent("Azure Arc is not supported");
  if (env("IDENTITY_SERVER_THUMBPRINT") !== undefined) return absent("Service Fabric is not supported");
  if (env("MSI_ENDPOINT") !== undefined && endpoint === undefined) return absent("MSI_ENDPOINT is not supported");
  if (endpoint === undefined || header === undefined)
    return { url: new URL(MACHINE_ENDPOINT), headers: { metadata: "true" } };
  if (!URL.canParse(endpoint) || !isNearby(new URL(endpoint)) || !isBearerToken(header)) {
    return refusal("KEY_SERVICE_BAD_SETTINGS", "IDENTITY_ENDPOINT or IDENTITY_HEADER is not usable");
  }
  const url = new URL(endpoint);
  url.searchParams.set("api-version", "2019-08-01");
  return { url, headers: { "x-identity-header": header } };
}

/** This machine, or what only it can reach. */
function isNearby({ protocol, hostname, username, password }: URL): boolean {
  const isHere = hostname === "localhost" || /^(127|169\.254)\.[\d.]+$/.test(hostname);
  return (protocol === "https:" || (protocol === "http:" && isHere)) && username === "" && password === "";
}

/** The login of the `az` command line. */
export function azureCli(ports: KmsPorts, tenant: string | undefined): AzureCredential {
  return {
    name: "AzureCLICredential",
    async token({ scope }) {
      if (ports.run === undefined) return absent("no programs may be started");
      // Both are of a kind that has no blanks or quotes.
      const more = tenant === undefined ? "" : ` --tenant ${tenant}`;
      const outcome = await ports.run(`az account get-access-token --output json --scope ${scope}${more}`);
      if (outcome.kind === "failed") return absent(outcome.problem);
      return cliToken(ports, outcome.stdout);
    },
  };
}

/** When the answer does not say how long the token lives: one use, as good as. */
const UNKNOWN_LIFETIME_MS = 120_000;

function cliToken(ports: KmsPorts, stdout: Uint8Array): AccessToken | Refusal {
  const body = jsonObject({ body: stdout });
  const token = textField(body, "accessToken");
  if (token === undefined || !isBearerToken(token))
    return refusal("KEY_SERVICE_BAD_ANSWER", "az printed no access token");
  const untilS = Number(body?.["expires_on"]);
  const untilMs = Number.isFinite(untilS) && untilS > 0 ? untilS * 1000 : ports.now().getTime() + UNKNOWN_LIFETIME_MS;
  return { kind: "token", token: ClearText.fromText(token), untilMs };
}
