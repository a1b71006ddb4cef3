import type { ClearText } from "../../clear-text.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { type AccessToken, isBearerToken } from "../tokens/access-token.ts";
import { formToken } from "../tokens/form-token.ts";
import { signJwt } from "../tokens/jwt.ts";
import type { Challenge } from "./challenge.ts";
import type { ClientCertificate } from "./client-certificate.ts";
import { type ClientTenants, tenantFor } from "./tenants.ts";

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
export interface AzureClient extends ClientTenants {
  readonly authority: URL;
  readonly clientId: string;
}

/** Source: Microsoft's "OAuth 2.0 client credentials flow on the identity platform". */
export function clientSecret(ports: KmsPorts, client: AzureClient, secret: ClearText): AzureCredential {
  const proof = () => ({ client_secret: secret.revealText() });
  return { name: "EnvironmentCredential", token: (wanted) => clientToken(ports, client, { wanted, proof }) };
}

/** A person who stands in for a program: only accounts without a second factor. Microsoft advises against it. */
export function userPassword(ports: KmsPorts, client: AzureClient, user: string, password: ClearText): AzureCredential {
  return {
    name: "EnvironmentCredential",
    async token(wanted) {
      const tenant = tenantFor(client, wanted);
      if (typeof tenant !== "string") return tenant;
      return await formToken(ports, tokenUrl(client, tenant), () => ({
        grant_type: "password",
        client_id: client.clientId,
        scope: `${wanted.scope} openid offline_access profile`,
        username: user,
        password: password.revealText(),
      }));
    },
  };
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
  const proof = (audience: URL) => {
    const nowS = Math.floor(ports.now().getTime() / 1000);
    const chain = certificate.sendChain ? { x5c: certificate.chain } : {};
    const claims = {
      aud: audience.href,
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
  return { name: "EnvironmentCredential", token: (wanted) => clientToken(ports, client, { wanted, proof }) };
}

/** The token of a Kubernetes service account stands in for a secret; it is read anew each time, because it is replaced. */
export function workloadIdentity(ports: KmsPorts, client: AzureClient, tokenFile: string): AzureCredential {
  return {
    name: "WorkloadIdentityCredential",
    async token(wanted) {
      const bytes = await ports.readFile(tokenFile);
      const statement = bytes === undefined ? "" : new TextDecoder().decode(bytes).trim();
      if (!isBearerToken(statement)) {
        return refusal(
          "KEY_SERVICE_NO_CREDENTIALS",
          `AZURE_FEDERATED_TOKEN_FILE names ${JSON.stringify(tokenFile)}, which holds no token`,
        );
      }
      return await clientToken(ports, client, { wanted, proof: () => asserted(statement) });
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
  readonly wanted: Challenge;
  readonly proof: (audience: URL) => Readonly<Record<string, string>>;
}

async function clientToken(
  ports: KmsPorts,
  client: AzureClient,
  { wanted, proof }: ClientProof,
): Promise<AccessToken | Refusal> {
  const tenant = tenantFor(client, wanted);
  if (typeof tenant !== "string") return tenant;
  const url = tokenUrl(client, tenant);
  return await formToken(ports, url, () => ({
    grant_type: "client_credentials",
    client_id: client.clientId,
    scope: wanted.scope,
    ...proof(url),
  }));
}

function tokenUrl({ authority }: AzureClient, tenant: string): URL {
  return new URL(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, authority);
}
