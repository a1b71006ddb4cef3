import { randomUUID } from "node:crypto";
import { ClearText } from "../../clear-text.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import type { AccessToken } from "../tokens/access-token.ts";
import type { Challenge } from "./challenge.ts";
import { readClientCertificate } from "./client-certificate.ts";
import { isTenant, PUBLIC_AUTHORITY, readAuthority } from "./clouds.ts";
import { azureCli, azureDeveloperCli } from "./command-line.ts";
import {
  type Absent,
  type AzureClient,
  type AzureCredential,
  absent,
  clientCertificate,
  clientSecret,
  userPassword,
  workloadIdentity,
} from "./credentials.ts";
import { managedIdentity } from "./managed-identity.ts";
import { readMoreTenants } from "./tenants.ts";

/** Gets a token for what a vault wants. */
export type AzureLogin = (wanted: Challenge) => Promise<AccessToken | Refusal>;

/**
 * The ways of the environment, one after the other until one is set up: a client secret, a certificate or a user in
 * variables, the identity of a workload, that of the machine, the logins of `az` and `azd`. A way that is set up and fails
 * is the end, save the logins of programs: nobody is somebody else by mistake.
 *
 * Source: Microsoft's documentation of `DefaultAzureCredential`.
 */
export function ambientLogin(ports: KmsPorts): AzureLogin {
  const chain = chainOf(ports);
  return async (wanted) => {
    const ways = await chain();
    if (!Array.isArray(ways)) return ways;
    const reasons: string[] = [];
    for (const { name, token } of ways) {
      const answer = await token(wanted);
      if (answer.kind === "token") return answer;
      if (answer.kind === "refusal")
        return { ...answer, state: `${name}: ${answer.state}`, original: `${name}: ${answer.original}` };
      reasons.push(`${name}: ${answer.state}`);
    }
    return refusal("KEY_SERVICE_NO_CREDENTIALS", `no credentials were found (${reasons.join("; ")})`, {
      original: ["DefaultAzureCredential: failed to acquire a token.", "Attempted credentials:", ...reasons].join(
        "\n\t",
      ),
      hints: ["log in: az login", "or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"],
    });
  };
}

/** The ways that `AZURE_TOKEN_CREDENTIALS` leaves. */
function chainOf(ports: KmsPorts): () => Promise<AzureCredential[] | Refusal> {
  return async () => {
    const choice = ports.env("AZURE_TOKEN_CREDENTIALS")?.toLowerCase();
    const wanted = choice === undefined ? ALL_WAYS : CHOICES.get(choice);
    if (choice === "azurepowershellcredential") {
      const state = "AZURE_TOKEN_CREDENTIALS is not usable: the login of PowerShell is not supported";
      return refusal("KEY_SERVICE_BAD_SETTINGS", state, { hints: ["log in with az: az login"] });
    }
    if (wanted === undefined) {
      return refusal("KEY_SERVICE_BAD_SETTINGS", "AZURE_TOKEN_CREDENTIALS is not usable: there is no such credential");
    }
    const authority = readAuthority(ports.env("AZURE_AUTHORITY_HOST") ?? PUBLIC_AUTHORITY);
    if (typeof authority === "string") {
      return refusal("KEY_SERVICE_BAD_SETTINGS", `AZURE_AUTHORITY_HOST is not usable: ${authority}`);
    }
    const tenant = ports.env("AZURE_TENANT_ID");
    if (tenant !== undefined && !isTenant(tenant)) {
      return refusal("KEY_SERVICE_BAD_SETTINGS", "AZURE_TENANT_ID is not usable: it is no id or domain of a tenant");
    }
    const clientId = ports.env("AZURE_CLIENT_ID");
    const moreTenants = readMoreTenants(ports.env("AZURE_ADDITIONALLY_ALLOWED_TENANTS"));
    if (moreTenants === undefined) {
      const state = "AZURE_ADDITIONALLY_ALLOWED_TENANTS is not usable: it is no list of ids or domains of tenants";
      return refusal("KEY_SERVICE_BAD_SETTINGS", state);
    }
    const isClient = tenant !== undefined && clientId !== undefined;
    const client = isClient ? { authority, tenant, clientId, moreTenants } : undefined;
    const ways: Readonly<Record<Way, () => AzureCredential>> = {
      environment: () => fromEnvironment(ports, client),
      workload: () => fromWorkload(ports, client),
      machine: () => managedIdentity(ports, clientId, ports.env),
      cli: () => azureCli(ports, tenant),
      developerCli: () => azureDeveloperCli(ports, tenant),
    };
    return wanted.map((way) => ways[way]());
  };
}

type Way = "environment" | "workload" | "machine" | "cli" | "developerCli";

const ALL_WAYS: readonly Way[] = ["environment", "workload", "machine", "cli", "developerCli"];

const CHOICES: ReadonlyMap<string, readonly Way[]> = new Map([
  ["prod", ["environment", "workload", "machine"]],
  ["dev", ["cli", "developerCli"]],
  ["environmentcredential", ["environment"]],
  ["workloadidentitycredential", ["workload"]],
  ["managedidentitycredential", ["machine"]],
  ["azureclicredential", ["cli"]],
  ["azuredeveloperclicredential", ["developerCli"]],
]);

function fromEnvironment(ports: KmsPorts, client: AzureClient | undefined): AzureCredential {
  const secret = ports.env("AZURE_CLIENT_SECRET");
  const path = ports.env("AZURE_CLIENT_CERTIFICATE_PATH");
  const [user, password] = [ports.env("AZURE_USERNAME"), ports.env("AZURE_PASSWORD")];
  if (client === undefined)
    return notSetUp("EnvironmentCredential", "AZURE_TENANT_ID and AZURE_CLIENT_ID are not both set");
  if (secret !== undefined) return clientSecret(ports, client, ClearText.fromText(secret));
  if (path !== undefined) return fromCertificateFile(ports, client, path);
  if (user !== undefined && password !== undefined) {
    return userPassword(ports, client, user, ClearText.fromText(password));
  }
  return notSetUp("EnvironmentCredential", "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set");
}

function fromCertificateFile(ports: KmsPorts, client: AzureClient, path: string): AzureCredential {
  const sendChain = /^(1|true)$/i.test(ports.env("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN") ?? "");
  return {
    name: "EnvironmentCredential",
    async token(wanted) {
      const bytes = await ports.readFile(path);
      const certificate =
        bytes === undefined
          ? "it cannot be read"
          : await readClientCertificate(bytes, ports.env("AZURE_CLIENT_CERTIFICATE_PASSWORD"));
      if (typeof certificate === "string") {
        const state = `AZURE_CLIENT_CERTIFICATE_PATH names ${JSON.stringify(path)}, which is not usable: ${certificate}`;
        return refusal("KEY_SERVICE_BAD_SETTINGS", state);
      }
      const options = { ...certificate, sendChain, nonce: randomUUID };
      return await clientCertificate(ports, client, options).token(wanted);
    },
  };
}

function fromWorkload(ports: KmsPorts, client: AzureClient | undefined): AzureCredential {
  const tokenFile = ports.env("AZURE_FEDERATED_TOKEN_FILE");
  if (client !== undefined && tokenFile !== undefined) return workloadIdentity(ports, client, tokenFile);
  const state = "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE are not all set";
  return notSetUp("WorkloadIdentityCredential", state);
}

function notSetUp(name: string, state: string): AzureCredential {
  return { name, token: async (): Promise<Absent> => absent(state) };
}
