import type { KeyObject } from "node:crypto";
import { ClearText } from "../../clear-text.ts";
import { textField } from "../http/message.ts";
import { rsaPrivateKey } from "../tokens/jwt.ts";
import { readSecretUrl } from "../tokens/safe-url.ts";
import { type CredentialsProblem, GOOGLE_UNIVERSE, problem, type Shared } from "./credentials-problem.ts";
import { type ExternalAccount, readExternalAccount } from "./federation/external-account.ts";

/** What a credentials file of Google Cloud holds, checked. Addresses are safe to be sent what belongs there. */
export type GoogleCredentials = ServiceAccount | AuthorizedUser | ExternalAccount | ImpersonatedAccount;

export interface ServiceAccount extends Shared {
  readonly kind: "service_account";
  readonly email: string;
  readonly keyId: string | undefined;
  readonly privateKey: KeyObject;
  readonly tokenUrl: URL;
}

export interface AuthorizedUser extends Shared {
  readonly kind: "authorized_user";
  readonly clientId: string;
  readonly clientSecret: ClearText;
  readonly refreshToken: ClearText;
}

export interface ImpersonatedAccount extends Shared {
  readonly kind: "impersonated_service_account";
  readonly source: GoogleCredentials;
  readonly impersonationUrl: URL;
  readonly delegates: readonly string[];
}

const STANDARD_TOKEN_URL = `https://oauth2.${GOOGLE_UNIVERSE}/token`;
const MAX_NESTING = 3;

/** Reads the JSON of a credentials file. Nothing of it is in a problem but the names of its fields and its type. */
export function readGoogleCredentials(json: string): GoogleCredentials | CredentialsProblem {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return problem("they are no JSON", "invalid character looking for beginning of value");
  }
  return credentialsOf(parsed, 0);
}

function credentialsOf(parsed: unknown, depth: number): GoogleCredentials | CredentialsProblem {
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return problem("they are no JSON object");
  const type = textField(parsed, "type") ?? "";
  const shared: Shared = {
    universe: textField(parsed, "universe_domain") || GOOGLE_UNIVERSE,
    quotaProject: textField(parsed, "quota_project_id") || undefined,
  };
  if (!/^[a-z0-9.-]{1,253}$/.test(shared.universe)) return problem("universe_domain is no domain");
  if (shared.quotaProject !== undefined && !/^[\w.:-]{1,200}$/.test(shared.quotaProject)) {
    return problem("quota_project_id is no project");
  }
  switch (type) {
    case "service_account":
      return serviceAccount(parsed, shared);
    case "authorized_user":
      return authorizedUser(parsed, shared);
    case "external_account":
      return readExternalAccount(parsed, shared);
    case "impersonated_service_account":
      return impersonatedAccount(parsed, shared, depth);
    default:
      return problem(
        type === "" ? "they have no type" : `their type ${shown(type)} is not supported`,
        type === ""
          ? "credentials: unsupported unidentified file type"
          : `credentials: unsupported filetype ${shown(type)}`,
      );
  }
}

function serviceAccount(parsed: object, shared: Shared): ServiceAccount | CredentialsProblem {
  const email = textField(parsed, "client_email") ?? "";
  if (email === "") return problem("client_email is missing", "auth: email must be provided");
  const privateKey = rsaPrivateKey(textField(parsed, "private_key") ?? "");
  if (privateKey === undefined) return problem("private_key is no RSA private key of 2048 bits or more in PEM");
  const tokenUrl = readSecretUrl(textField(parsed, "token_uri") || STANDARD_TOKEN_URL);
  if (typeof tokenUrl === "string") return problem(`token_uri cannot be used: ${tokenUrl}`);
  const keyId = textField(parsed, "private_key_id") || undefined;
  return { kind: "service_account", ...shared, email, keyId, privateKey, tokenUrl };
}

function authorizedUser(parsed: object, shared: Shared): AuthorizedUser | CredentialsProblem {
  const [clientId = "", clientSecret = "", refreshToken = ""] = ["client_id", "client_secret", "refresh_token"].map(
    (name) => textField(parsed, name),
  );
  if (clientId === "" || clientSecret === "") return problem("client_id or client_secret is missing");
  if (refreshToken === "") return problem("refresh_token is missing");
  return {
    kind: "authorized_user",
    ...shared,
    clientId,
    clientSecret: ClearText.fromText(clientSecret),
    refreshToken: ClearText.fromText(refreshToken),
  };
}

function impersonatedAccount(parsed: object, shared: Shared, depth: number): ImpersonatedAccount | CredentialsProblem {
  if (depth >= MAX_NESTING) return problem("source_credentials are nested too deep");
  const impersonationUrl = readSecretUrl(textField(parsed, "service_account_impersonation_url") ?? "");
  if (typeof impersonationUrl === "string") {
    return problem(`service_account_impersonation_url cannot be used: ${impersonationUrl}`);
  }
  const source = credentialsOf("source_credentials" in parsed ? parsed.source_credentials : undefined, depth + 1);
  if (source.kind === "problem") return problem(`source_credentials: ${source.state}`, source.original);
  const delegates: unknown = "delegates" in parsed ? parsed.delegates : [];
  if (!Array.isArray(delegates) || !delegates.every((name): name is string => typeof name === "string")) {
    return problem("delegates are no list of texts");
  }
  return { kind: "impersonated_service_account", ...shared, source, impersonationUrl, delegates };
}

/** A type that nobody knows may be something that was pasted there by mistake. */
function shown(type: string): string {
  return /^[a-z_]{1,40}$/.test(type) ? JSON.stringify(type) : "[redacted]";
}
