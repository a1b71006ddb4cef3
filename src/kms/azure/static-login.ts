import { randomUUID } from "node:crypto";
import { markedEncoding } from "../../bytes/utf8.ts";
import { ClearText } from "../../clear-text.ts";
import { parseYaml, YamlError } from "../../yaml/index.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { readClientCertificate } from "./client-certificate.ts";
import { isKnownAuthority, isTenant, PUBLIC_AUTHORITY, readAuthority } from "./clouds.ts";
import type { AzureLogin } from "./credential-chain.ts";
import { type AzureClient, type AzureCredential, clientCertificate, clientSecret } from "./credentials.ts";
import { managedIdentity } from "./managed-identity.ts";

export interface StaticLoginOptions {
  /** Whether a `clientId` alone may use the identity of the machine; default false. */
  readonly allowManagedIdentity?: boolean | undefined;
}

/**
 * A login with the entry `sops.azure-kv` of a Secret: JSON or YAML, also in UTF-16, as the controller of the original
 * takes it. It has `tenantId`, `clientId` and `clientSecret` or `clientCertificate` (PEM, with
 * `clientCertificatePassword`, `clientCertificateSendChain`), or what `az ad sp create-for-rbac` prints (`tenant`,
 * `appId`, `password`), or a `clientId` alone; and `authorityHost` at will.
 */
export function staticLogin(ports: KmsPorts, entry: ClearText, options: StaticLoginOptions): AzureLogin {
  let credential: AzureCredential | Refusal | undefined;
  return async (wanted) => {
    credential ??= await credentialOf(ports, entry, options);
    if ("kind" in credential) return credential;
    const answer = await credential.token(wanted);
    return answer.kind === "absent" ? refusal("KEY_SERVICE_NO_CREDENTIALS", answer.state) : answer;
  };
}

async function credentialOf(
  ports: KmsPorts,
  entry: ClearText,
  options: StaticLoginOptions,
): Promise<AzureCredential | Refusal> {
  const text = decode(entry.reveal());
  const fields = text === undefined ? undefined : readFields(text);
  if (fields === undefined) return unusable("they are neither JSON nor YAML with names and texts");
  const authority = readAuthority(fields.get("authorityHost") || PUBLIC_AUTHORITY);
  if (typeof authority === "string") return unusable(`authorityHost: ${authority}`);
  if (!isKnownAuthority(authority)) return unusable("authorityHost is none of Microsoft's");
  const tenant = fields.get("tenantId") || fields.get("tenant") || "";
  const clientId = fields.get("clientId") || fields.get("appId") || "";
  if (clientId === "") return unusable("clientId is missing");
  if (tenant === "") return machineIdentity(ports, clientId, options);
  if (!isTenant(tenant)) return unusable("tenantId is no id or domain of a tenant");
  return await clientOf(ports, { authority, tenant, clientId }, fields);
}

async function clientOf(
  ports: KmsPorts,
  client: AzureClient,
  fields: ReadonlyMap<string, string>,
): Promise<AzureCredential | Refusal> {
  const secret = fields.get("clientSecret") || fields.get("password") || "";
  if (secret !== "") return clientSecret(ports, client, ClearText.fromText(secret));
  const pem = fields.get("clientCertificate") ?? "";
  if (pem === "") return unusable("clientSecret or clientCertificate is missing");
  // What else a text could be taken for is worked on at once, by this thread, for as long as it says.
  if (!pem.includes("-----BEGIN")) return unusable("clientCertificate: it is no PEM");
  const bytes = new TextEncoder().encode(pem);
  const certificate = await readClientCertificate(bytes, fields.get("clientCertificatePassword") || undefined);
  if (typeof certificate === "string") return unusable(`clientCertificate: ${certificate}`);
  const sendChain = fields.get("clientCertificateSendChain") === "true";
  return clientCertificate(ports, client, { ...certificate, sendChain, nonce: randomUUID });
}

function machineIdentity(
  ports: KmsPorts,
  clientId: string,
  { allowManagedIdentity }: StaticLoginOptions,
): AzureCredential | Refusal {
  if (allowManagedIdentity === true) return managedIdentity(ports, clientId, () => undefined);
  return unusable("tenantId is missing, and the identity of the machine is not for others to use");
}

function unusable(state: string): Refusal {
  return refusal("KEY_SERVICE_BAD_SETTINGS", `the Azure credentials cannot be used: ${state}`);
}

/** UTF-8, or UTF-16 as PowerShell redirects it, with a byte order mark. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(markedEncoding(bytes), { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const MAX_CHARACTERS = 100_000;
const MAX_FIELDS = 100;

/** The scalars of the one mapping. JSON is YAML too, but for tabs. */
function readFields(text: string): ReadonlyMap<string, string> | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  try {
    const [document] = parseYaml(text.replaceAll("\t", "  ")).documents;
    const root = document?.root;
    if (root?.kind !== "mapping" || root.entries.length > MAX_FIELDS) return undefined;
    const fields = new Map<string, string>();
    for (const { key, value } of root.entries) {
      if (key.kind === "scalar" && value.kind === "scalar" && value.tag !== "!!null")
        fields.set(key.value, value.value);
    }
    return fields;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}
